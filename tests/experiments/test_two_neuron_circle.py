"""The circle experiment: its data, its outcome on a fixed seed, its output."""

import io
import json

import numpy as np
import pytest
from rich.console import Console
from sklearn.linear_model import LogisticRegression

from normlayers.experiments import two_neuron_circle as experiment
from normlayers.experiments.command_line import UsageError
from tests.tracking.reading import Read


def run(log_dir, **options):
    console = Console(file=io.StringIO(), width=80)
    return experiment.run(log_dir, console=console, **options), console.file.getvalue()


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """The ReLU arms over the article's 1,000 epochs."""
    log_dir = tmp_path_factory.mktemp("article")
    arms = ["relu-centred", "relu-shifted", "relu-shifted-standardized"]
    results, printed = run(log_dir, arms=arms, every=100)
    return log_dir, results, printed


def test_data_are_the_articles():
    x, y = experiment.circles()
    assert x.shape == (166, 2)
    assert max(y.mean(), 1 - y.mean()) == pytest.approx(0.518, abs=5e-4)
    assert LogisticRegression().fit(x, y.ravel()).score(x, y.ravel()) == pytest.approx(
        0.614, abs=5e-4
    )
    squared = (x.astype(float) ** 2).sum(axis=1)
    assert ((squared < 1) | (squared > 1.5)).all()
    np.testing.assert_array_equal(y.ravel(), squared >= 1)
    np.testing.assert_allclose(experiment.arm_data("relu-shifted")[0], x + 10, rtol=1e-6)


def test_centred_relu_beats_logistic_regression_clearly(article):
    measures = article[1]["measures"]
    centred = measures["arms"]["relu-centred"]
    assert centred["accuracy"] > measures["logistic_regression_accuracy"] + 0.15
    assert centred["start"]["state"] == centred["end"]["state"] == ["selective", "selective"]
    assert centred["end"]["linearity"] < 0.5


def test_shifted_relu_does_not_move(article):
    measures = article[1]["measures"]
    shifted = measures["arms"]["relu-shifted"]
    assert shifted["start"]["active_share"] == shifted["end"]["active_share"] == [1.0, 0.0]
    assert shifted["end"]["state"] == ["always_on", "dead"]
    assert shifted["end"]["linearity"] == pytest.approx(1, abs=1e-6)
    assert shifted["accuracy"] < measures["logistic_regression_accuracy"] + 0.03


def test_no_observation_sees_the_shifted_neurons_change(article):
    read = Read(article[0] / "relu-shifted")
    assert read.steps("linearity") == list(range(0, 1001, 100))
    for neuron, share in ((0, 1), (1, 0)):
        assert read.values(f"activity/hidden/neuron_{neuron}") == [share] * 11


def test_standardizing_cures_it(article):
    arms = article[1]["measures"]["arms"]
    cured, centred = arms["relu-shifted-standardized"], arms["relu-centred"]
    assert cured["end"]["state"] == ["selective", "selective"]
    assert cured["accuracy"] == pytest.approx(centred["accuracy"], abs=0.03)


def test_every_run_is_there_for_tensorboard(article):
    log_dir, results, _ = article
    for arm in results["measures"]["arms"]:
        read = Read(log_dir / arm)
        assert read.tags("images") == {"boundary/input", "boundary/hidden", "network"}
        assert read.steps("epoch_loss") == list(range(100, 1001, 100))
        films = {film.name for film in (log_dir / arm).glob("*.gif")}
        assert films == {"boundary_input.gif", "boundary_hidden.gif", "network.gif"}


def test_results_hold_what_they_promise(article):
    log_dir, results, printed = article
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert set(results) == {
        *("experiment", "seed", "arguments", "versions", "device", "runtime_seconds"),
        *("measures", "claims"),
    }
    assert results["runtime_seconds"] > 0
    for arm, found in results["measures"]["arms"].items():
        assert arm in printed
        assert f"{found['accuracy']:.3f}" in printed
    assert "0.614" in printed
    assert "always on" in printed


def test_the_same_seed_gives_identical_measures_and_another_does_not(tmp_path):
    options = {"arms": ["sigmoid-shifted-standardized"], "epochs": 6, "every": 4}
    measures = [
        run(tmp_path / str(i), seed=seed, **options)[0]["measures"]
        for i, seed in enumerate((3, 3, 4))
    ]
    assert measures[0] == measures[1]
    assert measures[0] != measures[2]


def test_a_second_run_takes_up_the_first(tmp_path, monkeypatch):
    options = {"arms": ["relu-centred"], "epochs": 2}
    first, printed = run(tmp_path, **options)
    monkeypatch.setattr(experiment, "train", None)  # nothing is left to train
    assert run(tmp_path, **options) == (first, printed)


def test_an_interrupted_run_goes_on_with_the_missing_arms(tmp_path, monkeypatch):
    options = {"arms": ["relu-centred", "relu-shifted"], "epochs": 2}
    train, trained = experiment.train, []

    def interrupted(arm, *rest):
        trained.append(arm)
        if trained == ["relu-centred", "relu-shifted"]:
            raise KeyboardInterrupt
        return train(arm, *rest)

    monkeypatch.setattr(experiment, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **options)
    assert not (tmp_path / "results.json").exists()
    results, _ = run(tmp_path, **options)
    assert trained == ["relu-centred", "relu-shifted", "relu-shifted"]
    assert list(results["measures"]["arms"]) == ["relu-centred", "relu-shifted"]


def test_a_damaged_arm_is_made_again(tmp_path):
    options = {"arms": ["relu-centred"], "epochs": 2}
    first, _ = run(tmp_path, **options)
    model = tmp_path / "relu-centred" / "model.keras"
    for damage in (model.unlink, lambda: model.write_text("no model")):
        damage()
        assert run(tmp_path, **options)[0]["measures"] == first["measures"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "--epochs must be at least 1, not 0"),
        ({"epochs": -5}, "--epochs must be at least 1, not -5"),
        ({"every": 0}, "--every must be at least 1"),
        ({"seed": -1}, "--seed must be at least 0"),
        ({"seed": 2**32}, "--seed must be at most 4294967295"),
        ({"arms": ["relu-center"]}, "no arm 'relu-center'; the arms are relu-centred,"),
        ({"arms": []}, "the arms are"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()


def test_a_bar_is_shown_on_a_terminal_and_only_there(tmp_path):
    for is_terminal in (True, False):
        console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal)
        experiment.run(tmp_path / str(is_terminal), epochs=4, arms=["relu-centred"], every=2,
                       console=console)  # fmt: skip
        assert ("4/4" in console.file.getvalue()) == is_terminal
