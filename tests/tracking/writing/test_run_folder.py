"""Where a run goes, whatever is there, and what TensorBoard reads of it."""

import os
import shutil
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.explorer.runs import FolderRuns
from normlayers.tracking.writing import run_folder
from normlayers.tracking.writing.event_log import EventLog
from normlayers.tracking.writing.run_folder import RunFolder
from tests.tensorboard_reader import Read


def fit(model, points, folder, epochs=2, **options):
    tracker = nl.ActivationTracker(folder, *points, boundary=False, pictures=False, **options)
    model.compile("sgd", "binary_crossentropy")
    model.fit(*points, epochs=epochs, verbose=0, callbacks=[tracker])
    return tracker


def test_a_second_run_takes_a_folder_of_its_own_and_says_so(circle_model, points, tmp_path):
    folder = tmp_path / "mine"
    fit(circle_model, points, folder)
    with pytest.warns(UserWarning, match="mine holds an earlier run; .*mine-2") as warned:
        second = fit(circle_model, points, folder)
    assert sum("ActivationTracker" in str(warning.message) for warning in warned) == 1
    with pytest.warns(UserWarning, match="mine-3"):
        fit(circle_model, points, folder)
    assert second.log_dir == tmp_path / "mine-2"
    for name in ("mine", "mine-2", "mine-3"):
        assert Read(tmp_path / name).steps("linearity") == [0, 1, 2]


def test_training_that_goes_on_with_one_tracker_stays_in_its_folder(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(tmp_path, *points, boundary=False)
    circle_model.compile("sgd", "binary_crossentropy")
    for _ in range(2):
        circle_model.fit(*points, verbose=0, callbacks=[tracker])
    assert Read(tmp_path).steps("linearity") == [0, 1, 2]


def test_appending_goes_on_after_the_last_step(circle_model, points, tmp_path):
    fit(circle_model, points, tmp_path)
    with pytest.warns(UserWarning, match="up to step 2; this one goes on from there"):
        fit(circle_model, points, tmp_path, if_exists="append")
    assert Read(tmp_path).steps("epoch_loss") == [1, 2, 3, 4]
    assert Read(tmp_path).steps("linearity") == [0, 1, 2, 2, 3, 4]
    # A loop of one's own too, whether it counts anew or on.
    for start, steps in ((0, [4, 5]), (7, [7, 8])):
        tracker = nl.ActivationTracker(tmp_path, *points, boundary=False, if_exists="append")
        with pytest.warns(UserWarning, match="goes on from there"):
            tracker.observe(circle_model, start)
        tracker.observe(circle_model, start + 1)
        tracker.close()
        assert tracker.history["step"].tolist() == steps


def test_appending_to_a_file_that_was_cut_off(circle_model, points, tmp_path):
    fit(circle_model, points, tmp_path)
    (path,) = tmp_path.glob("events*")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.warns(UserWarning, match="goes on from there"):
        fit(circle_model, points, tmp_path, if_exists="append", strict=True)


def test_appending_to_a_file_with_a_garbled_record(circle_model, points, tmp_path):
    fit(circle_model, points, tmp_path)
    (path,) = tmp_path.glob("events*")
    nonsense = b"\xff" * 20
    with path.open("ab") as file:
        file.write(len(nonsense).to_bytes(8, "little") + bytes(4) + nonsense + bytes(4))
    tracker = nl.ActivationTracker(tmp_path, *points, if_exists="append", strict=True)
    with pytest.warns(UserWarning, match="up to step 2; this one goes on from there"):
        tracker.observe(circle_model, 0)
    assert tracker.history["step"].tolist() == [2]


def test_a_folder_that_could_not_be_read_is_read_again(points, tmp_path, monkeypatch):
    with EventLog(tmp_path) as log:
        log.write(5, {"a": 1.0})
    folder = RunFolder(tmp_path, "append")

    def refuse(path):
        raise PermissionError(f"no access to {path}")

    with monkeypatch.context() as broken:
        broken.setattr(run_folder, "events", refuse)
        with pytest.raises(PermissionError, match=r"events\.out"):
            folder.settle()
    with pytest.warns(UserWarning, match="step 5"):
        assert folder.settle() == 5
    assert folder.settle() == 0


def test_a_folder_by_a_way_around(circle_model, points, tmp_path):
    fit(circle_model, points, tmp_path / "logs")
    (tmp_path / "logs" / "sub").mkdir()
    with pytest.warns(UserWarning, match="holds an earlier run"):
        fit(circle_model, points, tmp_path / "logs" / "sub" / "..")
    assert Read(tmp_path / "logs-2").steps("linearity") == [0, 1, 2]
    assert not [*(tmp_path / "logs").glob("sub/*")]


def test_a_name_that_is_too_long_is_refused_in_a_sentence(points, tmp_path):
    with pytest.raises(ValueError, match=r"log_dir must be .*too long.* Received: "):
        nl.ActivationTracker(tmp_path / ("x" * 300), points[0])


def test_replacing_deletes_what_a_tracker_wrote_and_nothing_else(circle_model, points, tmp_path):
    folder = tmp_path / "run"
    fit(circle_model, points, folder)
    (earlier,) = folder.glob("events*")
    kept = [folder / "model.keras", folder / "events.out.tfevents.1.someone", folder / earlier.name]
    kept[2] = tmp_path / f"{earlier.name[:30]}.elsewhere.normlayers.v2"
    for path in kept:
        path.write_bytes(b"mine")
    link = folder / "events.out.tfevents.2.link.normlayers.v2"
    link.symlink_to(kept[2])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fit(circle_model, points, folder, if_exists="replace")
    told = " ".join(str(warning.message) for warning in warned)
    assert "holds 2 event files that no tracker wrote" in told
    assert f"the earlier run in {folder} is deleted" in told
    assert not earlier.exists()
    assert all(path.read_bytes() == b"mine" for path in kept)
    assert link.is_symlink()
    link.unlink()
    kept[1].unlink()
    assert Read(folder).steps("linearity") == [0, 1, 2]


def test_a_run_is_replaced_only_when_there_is_something_to_write(circle_model, points, tmp_path):
    fit(circle_model, points, tmp_path)
    before = list(tmp_path.iterdir())
    with pytest.warns(UserWarning, match="no layer 'hiden'"):
        fit(circle_model, points, tmp_path, if_exists="replace", layers=["hiden"])
    assert list(tmp_path.iterdir()) == before
    with EventLog(tmp_path) as log:
        log.write(3, {"linearity": 1})
        with pytest.warns(UserWarning, match="another tracker is writing"):
            fit(circle_model, points, tmp_path, if_exists="replace")
    assert Read(tmp_path).steps("linearity") == [0, 1, 2, 3]


def test_a_run_that_cannot_be_deleted_is_not_said_to_be(
    circle_model, points, tmp_path, monkeypatch
):
    fit(circle_model, points, tmp_path)

    def refuse(path, missing_ok):
        raise PermissionError(f"Permission denied: {path.name}")

    with monkeypatch.context() as patched, warnings.catch_warnings(record=True) as warned:
        patched.setattr(Path, "unlink", refuse)
        warnings.simplefilter("always")
        fit(circle_model, points, tmp_path, if_exists="replace")
    told = " ".join(str(warning.message) for warning in warned)
    assert "Permission denied" in told
    assert "is deleted" not in told
    assert Read(tmp_path).steps("linearity") == [0, 1, 2]


def test_nothing_is_deleted_through_a_link(points, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(ValueError, match="does not delete through a symbolic link"):
        nl.ActivationTracker(tmp_path / "link", *points, if_exists="replace")
    nl.ActivationTracker(tmp_path / "link", *points, if_exists="append")


@pytest.mark.parametrize("if_exists", ["warn", None, True])
def test_choices_that_are_none(points, tmp_path, if_exists):
    with pytest.raises(ValueError, match=r'if_exists must be "new", "append" or "replace"'):
        nl.ActivationTracker(tmp_path, points[0], if_exists=if_exists)


@pytest.mark.parametrize(
    "log_dir", ["gs://bucket/run", "s3://bucket/run", Path("gs://bucket"), "hdfs://a", "", None, 5]
)
def test_folders_of_other_machines_and_none_are_refused(points, tmp_path, monkeypatch, log_dir):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"log_dir must be .* Received: "):
        nl.ActivationTracker(log_dir, points[0])
    assert not list(tmp_path.iterdir())


def test_the_home_folder(circle_model, points, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    fit(circle_model, points, "~/run")
    assert Read(tmp_path / "home" / "run").steps("linearity") == [0, 1, 2]
    assert not (tmp_path / "~").exists()
    with pytest.raises(ValueError, match="home folder that is unknown"):
        nl.ActivationTracker("~nobody-of-this-name/run", points[0])


def test_a_working_folder_that_changes(circle_model, points, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracker = nl.ActivationTracker("run", *points, strict=True)
    (tmp_path / "other").mkdir()
    for step in (0, 1):
        tracker.observe(circle_model, step)
        os.chdir("other" if step == 0 else "..")
    assert Read(tmp_path / "run").steps("linearity") == [0, 1]


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
def test_a_folder_deleted_while_training_is_made_again_with_one_warning(
    circle_model, points, tmp_path
):
    folder = tmp_path / "run"
    tracker = nl.ActivationTracker(folder, *points, films=True, strict=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for step in range(6):
            if step in (2, 4):
                shutil.rmtree(folder)
            tracker.observe(circle_model, step)
    assert sum("was deleted or moved away" in str(warning.message) for warning in warned) == 1
    assert Read(folder).steps("linearity") == [4, 5]
    shutil.rmtree(folder)
    tracker.on_train_end()
    assert (folder / "network.gif").stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
def test_a_run_deleted_between_two_observations_is_described_again(circle_model, points, tmp_path):
    """Though the epochs' losses are written first."""
    folder = tmp_path / "run"

    class Deletes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                shutil.rmtree(folder)

    circle_model.compile("sgd", "binary_crossentropy")
    tracker = nl.ActivationTracker(folder, *points, every=3)
    with pytest.warns(UserWarning, match="was deleted or moved away"):
        circle_model.fit(*points, epochs=9, verbose=0, callbacks=[tracker, Deletes()])
    read = Read(folder)
    assert read.steps("epoch_loss") == [5, 6, 7, 8, 9]
    assert all(read.description(tag) for tag in ("epoch_loss", "linearity"))
    meta, records = FolderRuns(tmp_path).read("run")
    assert (meta["steps"], len(records)) == ([6, 9], 2)


def test_the_last_step_is_that_of_tensorboards_own_reader(tmp_path):
    with EventLog(tmp_path) as log:
        for step in (3, 90, 7):
            log.write(step, {"a": 1.0}, {"h": (0.0, 1.0, np.arange(30))})
    folder = RunFolder(tmp_path, "append")
    with pytest.warns(UserWarning, match="step 90"):
        assert folder.settle() == max(Read(tmp_path).steps("a")) == 90
