"""The ensemble experiment: its arms, its output, interruptions.

Covers too: arms.py, figures.py, table.py.
"""

import io
import json
from functools import partial

import numpy as np
import pytest
from rich.console import Console

from normlayers.experiments.claims.claim import FEWEST
from normlayers.experiments.data.circles import circles
from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.two_neuron_ensemble import experiment
from normlayers.experiments.two_neuron_ensemble.arms import ARMS, SHIFTS, SIZES
from normlayers.experiments.two_neuron_ensemble.claims import CLAIMS
from normlayers.experiments.two_neuron_ensemble.figures import PICTURES
from tests.experiments.printed_run import measures_of_seeds, printed_run

FEW = ["relu-shift-0", "relu-shift-10", "relu-standardized"]


run = partial(printed_run, experiment, columns=120, networks=70, epochs=2, arms=FEW)


def test_arms_have_the_data_they_are_named_for():
    x, y = circles()
    for name, shift in (("tanh-shift-0", 0), ("relu-shift-7", 7), ("relu-32-neurons", 10)):
        given, labels = ARMS[name].data()
        np.testing.assert_allclose(given, x + shift, atol=1e-6)
        np.testing.assert_array_equal(labels, y)
    standardized, _ = ARMS["sigmoid-standardized"].data()
    np.testing.assert_allclose(standardized, (x - x.mean(0)) / x.std(0), atol=1e-4)
    assert ARMS["tanh-bn-post"].architecture.normalization == "post"
    assert ARMS["none-shift-3"].architecture.activation == "linear"
    assert len(ARMS) == 5 * (len(SHIFTS) + 3) + len(SIZES)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    log_dir = tmp_path_factory.mktemp("ensemble")
    return log_dir, *run(log_dir)


def test_results_hold_what_they_promise(ran):
    log_dir, results, printed = ran
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert list(results["measures"]["arms"]) == FEW
    for arm, found in results["measures"]["arms"].items():
        kept = np.load(log_dir / arm / "networks.npy")
        assert len(kept) == found["networks"] == 70
        assert found["accuracy"]["mean"] == pytest.approx(kept["accuracy"].mean(), rel=1e-5)
        assert found["accuracy"]["quantiles"][2] == pytest.approx(np.median(kept["accuracy"]))
        assert found["diverged"] == 0
    assert results["claims"] == []  # 70 networks are too few
    assert "not run" in printed
    drawn = {path.name for path in log_dir.glob("*.png")}
    assert drawn == {"cures.png", "sizes.png", "alike.png", "exclusive.png"}
    assert {figure["file"] for figure in results["figures"]} == drawn
    assert all("70 networks" in figure["caption"] for figure in results["figures"])


def test_a_second_run_trains_nothing(ran, monkeypatch):
    log_dir, results, _ = ran
    monkeypatch.setattr(experiment, "train", None)
    assert run(log_dir)[0] == results


def test_a_damaged_arm_is_made_again(ran):
    log_dir, results, _ = ran
    (log_dir / "relu-shift-0" / "networks.npy").write_text("nothing")
    assert run(log_dir)[0]["measures"] == results["measures"]


def test_an_interrupted_run_says_what_is_missing_and_goes_on(tmp_path, monkeypatch):
    train, trained = experiment.train, []

    def interrupted(arguments, arm, *rest):
        trained.append(arm)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(arguments, arm, *rest)

    monkeypatch.setattr(experiment, "train", interrupted)
    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(KeyboardInterrupt):
        experiment.run(tmp_path, networks=3, epochs=1, arms=FEW, console=console)
    assert "1 arms are finished" in console.file.getvalue()
    assert "missing: relu-shift-10, relu-standardized." in console.file.getvalue()
    experiment.run(tmp_path, networks=3, epochs=1, arms=FEW, console=console)
    assert trained == ["relu-shift-0", "relu-shift-10", "relu-shift-10", "relu-standardized"]


def test_the_same_seed_gives_identical_measures_and_another_does_not(tmp_path):
    measures = measures_of_seeds(run, tmp_path, (3, 3, 4), arms=["tanh-bn-pre"])
    assert measures[0] == measures[1]
    assert measures[0] != measures[2]


def test_all_claims_and_pictures_come_of_all_arms(tmp_path):
    results, printed = run(
        tmp_path, networks=2 * FEWEST, epochs=1, arms=[arm for arm in ARMS if "-bn-" not in arm]
    )
    assert {path.name for path in tmp_path.glob("*.png")} == set(PICTURES)
    assert [figure["file"] for figure in results["figures"]] == list(PICTURES)
    assert [row["id"] for row in results["claims"]] == [claim.id for claim in CLAIMS]
    for row in results["claims"]:
        assert row["ci95"][0] <= row["value"] <= row["ci95"][1]
        assert row["n"] >= FEWEST
        assert row["id"] in printed


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"networks": 0}, "--networks must be from 1 to 100000000, not 0"),
        ({"epochs": -5}, "--epochs must be from 1 to"),
        ({"batch_size": 0}, "--batch-size must be from 1"),
        ({"seed": -1}, "--seed must be from 0"),
        ({"optimizer": "lamb"}, "no optimizer 'lamb'; there are sgd, rmsprop, adam"),
        ({"arms": ["relu-shift-11"]}, "no arm 'relu-shift-11'; the arms are none-shift-0,"),
        ({"arms": []}, "the arms are"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()
