"""A0's claims on made-up findings, and the experiment's runs, resumed and refused."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from normlayers.experiments.claims.claim import check
from normlayers.experiments.input_normalization import experiment as input_normalization
from normlayers.experiments.input_normalization.arms import ARMS
from normlayers.experiments.input_normalization.claims import CLAIMS, share_of_largest, unevenness
from normlayers.experiments.input_normalization.data import points
from normlayers.experiments.input_normalization.figures import FIGURES, caption, figures
from normlayers.experiments.running.command_line import UsageError
from normlayers.pictures.png import to_png

NETWORKS = 70


def made_up(as_claimed):
    """Findings of every arm that are as the article claims, or the other way round."""
    findings = {"scaled-relu-raw": {"selective_start": np.full(300, 0.0 if as_claimed else 1.0)}}
    for name, arm in ARMS.items():
        good = arm.standardized == as_claimed
        scales = points(arm.data)[0].std(axis=0)
        leaky = arm.activation in ("leaky-relu", "prelu")
        value = {
            "diverged": False, "unsteadiness": 0.0 if good else 0.3,
            "epochs_to_target": 10.0 if good else np.inf,
            "validation_accuracy": 0.9 if good else 0.7, "hidden_gradient": 1.0 if good else 1e4,
            "output_gradient": 1.0, "hidden_gradient_largest": 2.0,
            "dead_start": 0.0 if good else 0.5, "always_on_start": 0.0,
            "selective_start": 1.0 if good else 0.5, "dead_end": 0.2, "always_on_end": 0.2,
            "selective_end": 0.6, "revived": 0.9 if leaky == as_claimed else 0.0,
            "saturated_start": 0.0 if good else 0.9, "saturated_end": 0.0 if good else 0.9,
        }  # fmt: skip
        findings[name] = {key: np.full(NETWORKS, v) for key, v in value.items()}
        findings[name]["loss"] = np.tile(np.linspace(1, 0.1, 7), (NETWORKS, 1))
        gradient = np.ones_like(scales) if arm.standardized == as_claimed else scales
        findings[name]["feature_gradients"] = np.tile(gradient, (NETWORKS, 1))
    return findings


def trained():
    return {name: found for name, found in made_up(True).items() if name in ARMS}


@pytest.mark.parametrize(("as_claimed", "verdict"), [(True, "holds"), (False, "does not hold")])
def test_every_claim_can_hold_and_fail(as_claimed, verdict):
    rows = check(CLAIMS, made_up(as_claimed))
    assert [row["id"] for row in rows] == [*(f"A0.{n}" for n in range(1, 9)), "A1.1"]
    assert {row["id"]: row["verdict"] for row in rows} == {row["id"]: verdict for row in rows}
    assert all(row["n"] >= 200 for row in rows)
    assert {row["figure"] for row in rows} <= set(FIGURES)


def test_gradients_of_features():
    gradients = np.array([[3.0, 4.0], [1.0, 1.0]])
    np.testing.assert_allclose(share_of_largest(gradients, np.array([1, 5])), [16 / 25, 0.5])
    np.testing.assert_allclose(unevenness(gradients), [4 / 3, 1])


def test_every_figure_is_drawn_and_told():
    drawn = figures(trained())
    assert tuple(drawn) == FIGURES
    for name, figure in drawn.items():
        assert to_png(figure).startswith(b"\x89PNG")
        assert f"{NETWORKS} networks an arm" in figure.get_suptitle()
        assert "70" in caption(name, NETWORKS)


def test_figures_of_missing_arms_are_left_out():
    findings = trained()
    assert set(figures({k: v for k, v in findings.items() if "sigmoid" not in k})) == {
        "neurons.png",
        "features.png",
    }


def run(folder, **more):
    options = {"networks": 3, "epochs": 4, "arms": ["wine-relu-raw", "wine-relu-standardized"]}
    output = io.StringIO()
    results = input_normalization.run(
        folder, console=Console(file=output, width=120), **(options | more)
    )
    return results, output.getvalue()


def test_a_run_writes_what_it_found_and_takes_it_up_again(tmp_path, monkeypatch):
    results, printed = run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])
    assert json.loads((tmp_path / "results.json").read_text()) == results
    arm = results["measures"]["arms"]["wine-relu-raw"]
    assert (arm["networks"], arm["diverged"], len(arm["feature_gradients"])) == (3, 0, 13)
    assert [len(q) for q in arm["loss_quantiles"]] == [5] * 4
    assert 0 < results["measures"]["fit"]["fit-standardized"]["validation_accuracy"] <= 1
    assert list((tmp_path / "fit-standardized").glob("events.out.tfevents.*"))
    assert "not run" in printed

    def forbidden(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(input_normalization, "train_arm", forbidden)
    monkeypatch.setattr(input_normalization, "tracked_fit", forbidden)
    again, _ = run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])
    assert again == results
    events = next((tmp_path / "fit-standardized").glob("events.out.tfevents.*"))
    events.write_bytes(events.read_bytes()[:-10])
    with pytest.raises(AssertionError, match="trained again"):
        run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])


def test_the_same_seed_gives_the_same_measures(tmp_path):
    first, again = (run(tmp_path / name)[0]["measures"] for name in ("one", "two"))
    assert first == again
    assert run(tmp_path / "other", seed=1)[0]["measures"] != first


def test_a_diverged_arm_is_told(tmp_path, monkeypatch):
    real = input_normalization.train_arm

    def diverging(*arguments):
        found = real(*arguments)
        found["diverged"][:] = True
        found["validation_accuracy"][:] = np.nan
        return found

    monkeypatch.setattr(input_normalization, "train_arm", diverging)
    results, printed = run(tmp_path)
    assert results["measures"]["arms"]["wine-relu-raw"]["diverged"] == 1
    assert "diverged" in printed


def test_a_damaged_file_is_made_again(tmp_path):
    before, _ = run(tmp_path)
    (tmp_path / "wine-relu-raw" / "networks.npz").write_bytes(b"half")
    assert run(tmp_path)[0]["measures"] == before["measures"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"networks": 0}, "--networks must be from 1 to 100000, not 0."),
        ({"epochs": -1}, "--epochs must be from 1"),
        ({"arms": ["wine-relu"]}, "there is no arm 'wine-relu'"),
    ],
)
def test_impossible_arguments_are_refused_before_anything_is_written(tmp_path, changed, message):
    with pytest.raises(UsageError, match=message):
        run(tmp_path / "logs", **changed)
    assert not (tmp_path / "logs").exists()
