"""Log directories: taken up again, never mixed, nothing lost."""

import json

import numpy as np
import pytest

from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.running.log_directory import LogDirectory
from tests.experiments.made_up_runs import directory, files, finished


def test_finished_arms_are_taken_up(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path)
    again.open()
    assert again.finished("a") == {"found": "a"}


def test_arrays_are_kept_as_they_are(tmp_path):
    made = directory(tmp_path)
    made.open()
    (made.begin("a") / "film.gif").write_text("film")
    arrays = {"single": np.arange(3, dtype="f4"), "names": np.array(["x", "yz"])}
    made.finish("a", {"runtime_seconds": 1.5}, {"more.npz": arrays})
    kept = made.kept_arrays("a", "more.npz")
    assert list(kept) == list(arrays)
    for name, array in arrays.items():
        assert kept[name].dtype == array.dtype
        np.testing.assert_array_equal(kept[name], array)


def test_an_arm_without_its_arrays_is_not_finished(tmp_path):
    """As where the disk is full: an earlier file stays, no half one is there."""
    made = LogDirectory(tmp_path, "circle", ["a"], {"seed": 0}, {}, arm_files=["networks.npz"])
    made.open()
    made.begin("a")
    made.finish("a", {}, {"networks.npz": {"loss": np.zeros(3)}})
    before = files(tmp_path)
    with pytest.raises(ValueError, match="Python objects in"):
        made.finish("a", {}, {"networks.npz": {"loss": np.array([object()])}})
    assert files(tmp_path) == before


def test_an_interrupted_arm_is_begun_again(tmp_path):
    finished(tmp_path)
    (tmp_path / "b" / "arm.json").unlink()
    (tmp_path / "b" / "events.out.tfevents.1").write_text("half")
    again = directory(tmp_path)
    again.open()
    assert (again.finished("a"), again.finished("b")) == ({"found": "a"}, None)
    assert list(again.begin("b").iterdir()) == []


def test_an_arm_made_as_another_run_is_not_finished(tmp_path):
    """As a process killed while it starts over may leave it."""
    finished(tmp_path)
    assert directory(tmp_path, seed=1).finished("a") is None


def test_two_runs_at_once_are_refused(tmp_path):
    first = directory(tmp_path)
    first.open()
    with pytest.raises(UsageError, match="another run is writing"):
        directory(tmp_path).open()
    first.close()
    directory(tmp_path).open()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 1}, r"made with --seed 0 \(now 1\)"),
        ({"seed": 2, "epochs": 5}, r"--seed 0 \(now 2\), --epochs None \(now 5\)"),
    ],
)
def test_a_run_with_other_arguments_is_refused_and_left_alone(tmp_path, options, says):
    finished(tmp_path)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=f"{says}.*--start-over"):
        directory(tmp_path, **options).open()
    assert files(tmp_path) == before


@pytest.mark.parametrize("start_over", [False, True])
def test_another_experiments_run_is_never_removed(tmp_path, start_over):
    finished(tmp_path)
    before = files(tmp_path)
    with pytest.raises(UsageError, match="holds a run of circle, not of square"):
        directory(tmp_path, experiment="square").open(start_over)
    assert files(tmp_path) == before


def test_a_log_directory_that_is_a_link_is_the_folder_that_was_asked_for(tmp_path):
    finished(tmp_path / "disk")
    (tmp_path / "logs").symlink_to(tmp_path / "disk")
    again = directory(tmp_path / "logs")
    again.open(start_over=True)
    assert set(files(tmp_path / "disk")) == {"arguments.json"}


def test_arms_of_earlier_versions_of_a_run_are_known(tmp_path):
    """As a run of fewer arms leaves those that it was not asked for."""
    finished(tmp_path)
    fewer = LogDirectory(tmp_path, "circle", ["a"], {"seed": 0}, {}, known_arms=["a", "b"])
    fewer.open(start_over=True)
    assert not (tmp_path / "b" / "arm.json").exists()


def test_starting_over_removes_the_earlier_run_and_nothing_else(tmp_path):
    finished(tmp_path)
    for name in ("notes.txt", "a/notes.txt", "a/mine.gif", "mine.png"):
        (tmp_path / name).write_text("mine")
    again = directory(tmp_path, seed=1)
    again.open(start_over=True)
    assert again.finished("a") is None
    mine = {"notes.txt", "a/notes.txt", "a/mine.gif", "mine.png"}
    assert set(files(tmp_path)) == {"arguments.json", *mine}


def test_arms_made_with_other_versions_are_made_again(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path, versions="2")
    again.open()
    assert again.finished("a") is None
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("name", ["a", "results.json", "all.png"])
def test_somebody_elses_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=f"{name} exists and is not known"):
        directory(tmp_path).open(start_over=True)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_of_other_files_is_fine(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    directory(tmp_path).open()
    assert json.loads((tmp_path / "arguments.json").read_text())["arms"] == ["a", "b"]


def test_a_file_or_an_unwritable_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        directory(tmp_path / "file").open()
    with pytest.raises(UsageError, match=r"cannot write to .*--log-dir"):
        directory(tmp_path / "file" / "below").open()
    with pytest.raises(UsageError, match="cannot write to /proc/logs"):
        directory(type(tmp_path)("/proc/logs")).open()
    with pytest.raises(UsageError, match="File name too long"):
        directory(tmp_path / "new" / ("x" * 300)).open()
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_later_is_told_too(tmp_path):
    made = directory(tmp_path)
    made.open()
    (tmp_path / "a").write_text("a file where the arm's folder should be")
    with pytest.raises(UsageError, match="cannot write"):
        made.begin("a")
