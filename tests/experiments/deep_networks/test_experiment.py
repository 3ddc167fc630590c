"""The experiment on deep networks: its output, what it takes up, interruptions, refusals.

Covers too: figures.py, summary.py, table.py, training.py, arms.py.
"""

import io
import json
from functools import partial

import numpy as np
import pytest
from rich.console import Console

from normlayers.ensembles.classifier_ensemble import epochs_to
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.deep_networks import experiment
from normlayers.experiments.deep_networks.arms import ACTIVATIONS, ARMS, DEPTHS
from normlayers.experiments.deep_networks.figures import PICTURES, captions, pictures
from normlayers.experiments.deep_networks.measures import TARGET_LOSS, Findings
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.printed_run import printed_run

TINY = {"networks": 3, "epochs": 2, "width": 3, "batch_size": 352}
FEW = ["relu-none-raw-depth-2", "relu-none-standardized-depth-2", "relu-bn-pre-raw-depth-2"]


run = partial(printed_run, experiment, columns=120, arms=FEW, **TINY)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    log_dir = tmp_path_factory.mktemp("deep")
    return log_dir, *run(log_dir)


def test_results_hold_what_they_promise(ran):
    log_dir, results, printed = ran
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert results["experiment"] == "deep_networks"
    assert results["arguments"]["batch-size"] == 352
    assert list(results["measures"]["arms"]) == FEW
    for arm, found in results["measures"]["arms"].items():
        kept = np.load(log_dir / arm / "networks.npz")
        assert len(kept["loss"]) == found["networks"] == 3
        assert found["losses"] == pytest.approx(np.median(kept["loss"], axis=0))
        assert found["accuracy"]["mean"] == pytest.approx(kept["validation_accuracy"][:, -1].mean())
        reached = epochs_to(kept["loss"], TARGET_LOSS) < np.inf
        assert found["reached"] == reached.mean()
        assert len(found["first_gradient_norms"]) == 3
        assert len(found["drift"]) == 2
    assert [row["id"] for row in results["claims"]] == ["A3.6"]  # the others need more arms
    assert results["measures"]["comparisons"]["deep_in_time"]["none"] is None
    assert [figure["file"] for figure in results["figures"]] == ["idle_bias.png"]
    assert results["runtime_seconds"] > 0
    assert "not run" in printed
    assert {path.name for path in log_dir.glob("*.png")} == {"idle_bias.png"}


def test_a_second_run_trains_nothing(ran, monkeypatch):
    log_dir, results, _ = ran
    monkeypatch.setattr("normlayers.experiments.deep_networks.training.train_stack", None)
    assert run(log_dir)[0] == results


def test_a_damaged_arm_is_made_again(ran):
    log_dir, results, _ = ran
    (log_dir / FEW[0] / "networks.npz").write_text("nothing")
    assert run(log_dir)[0]["measures"] == results["measures"]


def test_another_seed_gives_other_measures(ran, tmp_path):
    _, results, _ = ran
    arms = run(tmp_path, seed=1, arms=FEW[:1])[0]["measures"]["arms"]
    assert arms[FEW[0]]["losses"] != results["measures"]["arms"][FEW[0]]["losses"]


def test_an_interrupted_run_says_what_is_missing_and_goes_on(tmp_path, monkeypatch):
    train_arms, asked = experiment.train_arms, []

    def interrupted(arms, *rest):
        asked.append([arm.name for arm in arms])
        training = train_arms(arms, *rest)
        yield next(training)
        if len(asked) == 1:
            training.close()
            raise KeyboardInterrupt
        yield from training

    monkeypatch.setattr(experiment, "train_arms", interrupted)
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(KeyboardInterrupt):
        experiment.run(tmp_path, **TINY, arms=FEW, console=console)
    assert "1 arms are finished" in console.file.getvalue()
    run(tmp_path)
    assert asked[0] == FEW
    assert len(asked[1]) == 2
    assert all(arm in console.file.getvalue().split("missing: ")[1] for arm in asked[1])


def told(arm):
    """Networks with numbers of the right shapes, which differ."""
    random = np.random.default_rng(len(arm.name) + arm.depth)
    shapes = {
        "loss": (3, 4), "validation_loss": (3, 4), "validation_accuracy": (3, 4),
        "first_gradient_norms": (3, arm.depth + 1), "gradient_norms": (3, 4, arm.depth + 1),
        "drift": (3, 4, arm.depth),
    }  # fmt: skip
    networks = {name: random.uniform(0.1, 1, shape) for name, shape in shapes.items()}
    return networks | {"diverged": np.zeros(3, bool)}


def test_all_pictures_come_of_all_arms_and_show_their_numbers():
    arms = {name: told(arm) for name, arm in ARMS.items()}
    arms["tanh-none-raw-depth-2"]["loss"][:, -1] = np.nan  # diverged
    arms["tanh-none-raw-depth-2"]["diverged"][:] = True
    moved = {p: dict.fromkeys(ACTIVATIONS, np.geomspace(1e-6, 1, 5)) for p in ("pre", "post")}
    drawn = pictures(Findings(ByArm(arms, ARMS), np.zeros(5), moved))
    assert tuple(drawn) == PICTURES
    panels = [(a, d) for a in ACTIVATIONS for d in DEPTHS]
    for (activation, depth), axes in zip(panels, drawn["convergence.png"].axes, strict=True):
        shown = [line.get_ydata() for line in axes.lines]
        for values, kind in zip(shown, ("none", "bn-pre", "bn-post"), strict=False):
            loss = arms[f"{activation}-{kind}-standardized-depth-{depth}"]["loss"]
            np.testing.assert_allclose(values, np.median(loss, axis=0))
        assert set(shown[3]) == {TARGET_LOSS}
    first = drawn["gradients.png"].axes[0].lines[0]
    norms = arms["relu-none-raw-depth-20"]["first_gradient_norms"]
    np.testing.assert_allclose(first.get_ydata(), np.median(norms, axis=0))
    diverged = drawn["convergence_raw.png"].axes[6].lines[0].get_ydata()
    assert np.isnan(diverged[-1])
    for figure in drawn.values():
        assert "networks" in figure.get_suptitle()


def test_captions_tell_of_shares_where_they_are_known():
    known = {"none": 0.25, "bn-pre": 0.5, "bn-post": 0.75}
    comparisons = {"deep_in_time": known, "even_gradients": dict.fromkeys(known)}
    rows = captions(PICTURES, 34, comparisons)
    of = {row["file"]: row["caption"] for row in rows}
    assert set(of) == set(PICTURES)
    assert "25 % of the networks without batch normalization" in of["convergence.png"]
    assert "None" not in of["gradients.png"]
    assert all("networks" in caption for caption in of.values())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"networks": 0}, "--networks must be from 1 to 10000, not 0"),
        ({"epochs": -5}, "--epochs must be from 1 to"),
        ({"width": 0}, "--width must be from 1"),
        ({"batch_size": 1409}, "--batch-size must be from 1 to 1408"),
        ({"seed": -1}, "--seed must be from 0"),
        ({"optimizer": "lamb"}, "no optimizer 'lamb'; there are sgd, rmsprop, adam"),
        ({"arms": ["relu"]}, "no arm 'relu'; the arms are relu-none-raw-depth-2,"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()
