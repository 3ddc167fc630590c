"""Runs of a few epochs: taken up again, made again where damaged, refused, shown on a terminal."""

import errno
import io
import shutil
from functools import partial
from pathlib import Path

import keras
import pytest
from rich.console import Console

from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.two_neuron_circle import experiment, training
from tests.experiments.printed_run import printed_run

FEW_FILMS = ["sigmoid-centred", "sigmoid-shifted"]  # half as many as the article's two arms have
SHORT = {"arms": FEW_FILMS[1:], "epochs": 4, "every": 2}
run = partial(printed_run, experiment)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """One arm over four epochs."""
    log_dir = tmp_path_factory.mktemp("short")
    return log_dir, *run(log_dir, **SHORT)


@pytest.fixture
def copied(short, tmp_path):
    """The short run in a folder that may be changed, what it found and what it printed."""
    log_dir = shutil.copytree(short[0], tmp_path / "copied")
    return log_dir, *short[1:]


def test_another_seed_gives_other_measures(short, tmp_path):
    assert run(tmp_path, seed=1, **SHORT)[0]["measures"] != short[1]["measures"]


def test_a_second_run_takes_up_the_first(copied, monkeypatch):
    log_dir, first, printed = copied
    (log_dir / "G17_sigmoid_shifted_boundary.gif").unlink()
    monkeypatch.setattr(training, "train", None)  # nothing is left to train
    again = run(log_dir, **SHORT)
    assert again[0] == first
    assert again[1].partition("Films")[0] == printed.partition("Films")[0]
    assert (log_dir / "G17_sigmoid_shifted_boundary.gif").exists()


def test_an_interrupted_run_goes_on_with_the_missing_arms(tmp_path, monkeypatch):
    options = {"arms": FEW_FILMS, "epochs": 2}
    train, trained = training.train, []

    def interrupted(arm, *rest):
        trained.append(arm)
        if trained == FEW_FILMS:
            raise KeyboardInterrupt
        return train(arm, *rest)

    monkeypatch.setattr(training, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **options)
    assert not (tmp_path / "results.json").exists()
    results, _ = run(tmp_path, **options)
    assert trained == [*FEW_FILMS, FEW_FILMS[1]]
    assert list(results["measures"]["arms"]) == FEW_FILMS


def test_a_damaged_arm_is_made_again(copied):
    """With the same measures, as the seed is the same."""
    log_dir, first, _ = copied
    model = log_dir / FEW_FILMS[1] / "model.keras"
    film = model.parent / "lit_start.gif"

    def events():
        return next(model.parent.glob("events.out.tfevents.*"))

    for damage in (film.unlink, lambda: model.write_text("no model"), lambda: events().unlink()):
        damage()
        assert run(log_dir, **SHORT)[0]["measures"] == first["measures"]
    assert events().stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "--epochs must be from 1 to 1000000000, not 0"),
        ({"epochs": -5}, "--epochs must be from 1 to 1000000000, not -5"),
        ({"every": 0}, "--every must be from 1 to"),
        ({"seed": -1}, "--seed must be from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, "--seed must be from 0 to 4294967295, not 4294967296"),
        ({"arms": ["relu-center"]}, "no arm 'relu-center'; the arms are relu-centred,"),
        ({"arms": []}, "the arms are"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()


def test_a_bar_is_shown_on_a_terminal_and_only_there(short, tmp_path):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    experiment.run(tmp_path, console=console, **SHORT)
    assert "4/4" in console.file.getvalue()
    assert "4/4" not in short[2]


def test_a_model_that_does_not_fit_on_the_disk_leaves_no_half_of_itself(tmp_path, monkeypatch):
    def save_half(model, path):
        Path(path).write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", save_half)
    (arm,) = SHORT["arms"]
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, **SHORT)
    assert {path.name for path in (tmp_path / arm).glob("*model*")} == set()
    assert {path.name for path in (tmp_path / arm).glob(".*")} == set()
