"""The scaling experiment: its measures, what it writes, what it takes up and refuses.

Covers too: data.py, figures.py, table.py.
"""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.wine import wine
from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.scaling_methods import experiment
from normlayers.experiments.scaling_methods.figures import FILES
from normlayers.experiments.scaling_methods.training import ARMS, SCALED_ARMS
from tests.experiments.printed_run import printed_run

SMALL = {"networks": 3, "splits": 4, "epochs": 2}
run = partial(printed_run, experiment)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    log_dir = tmp_path_factory.mktemp("scalings")
    results, printed = run(log_dir, **SMALL)
    return log_dir, results, printed


def test_results_hold_what_they_promise(small):
    log_dir, results, printed = small
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert results["arguments"] == {"seed": 0, **SMALL}
    assert set(results["measures"]) == {
        *("quantile_levels", "target_loss", "neighbours", "networks", "variances", "rounding"),
    }
    assert set(results["measures"]["networks"]) == set(ARMS)
    assert [row["id"] for row in results["claims"]] == ["A4.5"]  # too few networks for the others
    assert "holds in part" in printed
    for scaling, arm in SCALED_ARMS.items():
        network = results["measures"]["networks"][arm]
        assert f"{network['accuracy']['mean']:.3f}" in printed, scaling
    assert max(map(len, printed.splitlines())) <= 80


def test_measures_are_those_of_the_kept_arrays(small):
    log_dir, results, _ = small
    with np.load(log_dir / "tanh-times-1e2" / "measures.npz") as kept:
        found = results["measures"]["networks"]["tanh-times-1e2"]
        assert kept["accuracy"].shape == (3,)
        assert found["networks"] == 3
        assert found["accuracy"]["mean"] == pytest.approx(kept["accuracy"].mean())
        assert found["loss"] == pytest.approx(np.median(kept["loss"], axis=0))
        assert found["epochs_to_target"] == [None] * 5
        assert found["reaches_target"] == 0
        assert found["saturation_start"]["quantiles"][2] == np.median(kept["saturation_start"])
    with np.load(log_dir / "neighbours-wine" / "measures.npz") as kept:
        found = results["measures"]["neighbours"]["wine"]
        for scaling, accuracies in kept.items():
            assert accuracies.shape == (4,)
            assert found[scaling]["mean"] == pytest.approx(accuracies.mean())


@pytest.mark.parametrize("data", [digits(), wine()], ids=["digits", "wine"])
def test_variances_are_numpys(data, small):
    name = "wine" if len(data.y) == 178 else "digits"
    found = small[1]["measures"]["variances"][name]
    x = data.x.astype(float)
    np.testing.assert_allclose(found["raw"]["features"], np.var(x, axis=0), rtol=1e-5)
    spans = np.ptp(x, axis=0)
    expected = np.var(x, axis=0) / np.where(spans > 0, spans, 1) ** 2
    np.testing.assert_allclose(found["min_max"]["features"], expected, rtol=1e-4)
    for scaling in ("standardized", "divided_by_std"):
        assert found[scaling]["unevenness"] == pytest.approx(1, abs=1e-4)
    assert found["raw"]["constant"] == (3 if name == "digits" else 0)


def test_figures_are_there_and_told_of(small):
    log_dir, results, _ = small
    assert [figure["file"] for figure in results["figures"]] == list(FILES)
    for figure in results["figures"]:
        with Image.open(log_dir / figure["file"]) as picture:
            assert picture.width > 600
    told = {figure["file"]: figure["caption"] for figure in results["figures"]}
    assert "4 random splits" in told["neighbours.png"]
    assert "61 of 64 of digits" in told["variances.png"]
    for file in ("networks.png", "factors.png"):
        assert "3 networks each" in told[file]


def test_a_finished_arm_is_taken_up_and_a_missing_one_made_again(small, monkeypatch):
    log_dir, first, _ = small
    (log_dir / "relu-raw" / "arm.json").unlink()
    (log_dir / "relu-min_max" / "measures.npz").write_bytes(b"damaged")
    cut = log_dir / "tanh-times-1e2" / "measures.npz"
    cut.write_bytes(cut.read_bytes()[:300])
    trained = []

    def train_arm(name, *arguments):
        trained.append(name)
        return whole(name, *arguments)

    whole = experiment.train_arm
    monkeypatch.setattr(experiment, "train_arm", train_arm)
    monkeypatch.setattr(experiment, "neighbour_accuracies", lambda *arguments: {})
    monkeypatch.setattr(experiment, "figures", lambda findings: {})
    again, _ = run(log_dir, **SMALL)
    assert trained == ["relu-raw", "relu-min_max", "tanh-times-1e2"]
    assert again["measures"] == first["measures"]


def test_other_arguments_are_refused(small):
    with pytest.raises(UsageError, match=r"made with --networks 3 \(now 4\)"):
        run(small[0], **{**SMALL, "networks": 4})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": -1}, "--seed must be from 0 to 4294967295, not -1"),
        ({"networks": 1}, "--networks must be from 2 to 100000, not 1"),
        ({"splits": 0}, "--splits must be from 2 to 100000, not 0"),
        ({"epochs": 0}, "--epochs must be from 1 to 10000, not 0"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()
