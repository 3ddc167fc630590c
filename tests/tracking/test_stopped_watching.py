"""Where the tracker cannot go on it says so once, and training goes on."""

import errno

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.writing.event_log import EventLog
from tests.python_process import run_python
from tests.tensorboard_reader import Read
from tests.tracking.watched_fit import fit


def test_training_goes_on_unwatched_with_one_warning(circle_model, points, tmp_path):
    x, y = points
    for number, (options, says) in enumerate(
        [
            ({"layers": ["hiden"]}, "stopped, training goes on: .*no layer 'hiden'"),
            ({"x": np.zeros((60, 3))}, "x must have the shape"),
            ({"boundary": [0, 0, 0]}, "not on one line"),
        ]
    ):
        tracker = nl.ActivationTracker(tmp_path / str(number), **{"x": x, "y": y, **options})
        with pytest.warns(UserWarning, match=says) as warned:
            history = fit(circle_model, x, y, tracker, epochs=3)
        assert sum("ActivationTracker" in str(w.message) for w in warned) == 1
        assert len(history.history["loss"]) == 3
        assert len(tracker.history) == 0


class Trained(keras.Model):
    """Trained by code of its own, as generators and their critics are."""

    def __init__(self):
        super().__init__()
        self.inner = keras.layers.Dense(1)


def test_a_model_without_a_call_is_told_so(points, tmp_path):
    model = Trained()
    tracker = nl.ActivationTracker(tmp_path, *points, strict=True)
    with pytest.raises(ValueError, match=r"Trained has no call\(\) of its own; write one"):
        tracker.observe(model, 0)


@pytest.mark.parametrize("strict", [False, True])
def test_a_full_disk(circle_model, points, tmp_path, monkeypatch, strict):
    """The second observation does not fit."""
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=strict)
    write, full = EventLog.write, OSError(errno.ENOSPC, "No space left on device")

    def write_until_full(self, step, *values):
        if step > 0:
            raise full
        write(self, step, *values)

    monkeypatch.setattr(EventLog, "write", write_until_full)
    if strict:
        with pytest.raises(OSError, match="No space left"):
            fit(circle_model, x, y, tracker, epochs=3)
    else:
        with pytest.warns(UserWarning, match="training goes on: .*No space left") as warned:
            fit(circle_model, x, y, tracker, epochs=3)
        assert sum("ActivationTracker" in str(w.message) for w in warned) == 1
    assert Read(tmp_path).steps("linearity") == [0]


def test_a_file_that_can_grow_no_further(tmp_path):
    """The system refuses what is written beyond a limit, as a full disk does."""
    code = (
        "import resource, signal, sys, warnings\n"
        "import numpy as np, keras, normlayers as nl\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "x = np.ones((8, 2), 'float32')\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "tracker = nl.ActivationTracker(sys.argv[1], x, pictures=False, boundary=False)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "with warnings.catch_warnings(record=True) as warned:\n"
        "    warnings.simplefilter('always')\n"
        "    history = model.fit(x, x[:, :1], epochs=40, verbose=0, callbacks=[tracker])\n"
        "assert len(history.history['loss']) == 40\n"
        "own = [w for w in warned if 'training goes on' in str(w.message)]\n"
        "assert len(own) == 1, warned\n"
    )
    process = run_python("-c", code, tmp_path)
    assert process.returncode == 0, process.stderr[-2000:]
    assert Read(tmp_path).steps("linearity")[0] == 0


def test_a_folder_that_cannot_be_made(circle_model, points, tmp_path):
    (tmp_path / "file").write_text("mine")
    tracker = nl.ActivationTracker(tmp_path / "file" / "run", *points)
    with pytest.warns(UserWarning, match="training goes on: .*file"):
        fit(circle_model, *points, tracker, epochs=1)
    assert (tmp_path / "file").read_text() == "mine"


def test_two_trackers_on_one_folder(circle_model, points, tmp_path):
    x, y = points
    trackers = [nl.ActivationTracker(tmp_path, x, y, if_exists="append") for _ in "ab"]
    circle_model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="another tracker is writing"):
        circle_model.fit(x, y, epochs=2, verbose=0, callbacks=trackers)
    assert Read(tmp_path).steps("linearity") == [0, 1, 2]
