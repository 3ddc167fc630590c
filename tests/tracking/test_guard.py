"""Whatever fails in the tracker, training ends as it would have without it."""

import gc
import io
import re
import shutil
import sys
import warnings
from functools import partial
from pathlib import Path
from types import FunctionType

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.guard import Guard, warn_without_raising
from tests.python_process import run_python

PACKAGE = Path(nl.__file__).parent
# What Keras itself calls: the guard stands inside.
HOOKS = {"on_train_begin", "on_epoch_begin", "_on_train_batch_end", "on_epoch_end", "on_train_end"}

OF_THE_GRADIENT = {"training_norms", "loss_gradient"}
# The linear fit then takes a singular value decomposition.
WITH_ANOTHER_WAY = {"_device_whitening", "whitening"}


def fail(*_, **__):
    # Not of a class of this module: its code stands in others, and looks names up there.
    raise Exception("injected")


def calls_of_the_tracker(action, broken=None):
    """The functions of the tracker that an action calls; one of them may be made to fail.

    Returns:
        their code by file and name.
    """
    named, called = {}, {}

    def name(code):
        path = Path(code.co_filename)
        own = PACKAGE / "tracking" in path.parents or path == PACKAGE / "pictures" / "album.py"
        inside = own and code.co_name not in HOOKS | {"run"} and code.co_name[0] != "<"
        return (path.stem, code.co_qualname) if inside else None

    def profile(frame, event, arg):
        if event != "call":
            return
        code = frame.f_code
        if code not in named:
            named[code] = name(code)
        if named[code] is not None:
            called[named[code]] = code
            if named[code] == broken:
                fail()

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return called


def functions_at_module_level(codes):
    """Those that have one function each, which can be given other code."""
    gc.unfreeze()  # what was imported before a quiet_start() is not looked through
    functions = [f for f in gc.get_referrers(*codes) if isinstance(f, FunctionType)]
    gc.freeze()
    return {f.__code__: f for f in functions if "<locals>" not in f.__qualname__}


def end_with_a_failure(action, broken, code, function):
    """Do something while one function fails."""
    if function is None or code.co_freevars:
        calls_of_the_tracker(action, broken)
        return
    function.__code__ = fail.__code__  # a profile would take twice the time
    try:
        action()
    finally:
        function.__code__ = code


def test_training_ends_bit_for_bit_the_same_whatever_call_of_the_tracker_fails(
    circle_model, points, tmp_path
):
    start = circle_model.get_weights()
    circle_model.compile("sgd", "binary_crossentropy")

    def end(*callbacks):
        """Train from the same start."""
        circle_model.set_weights(start)
        circle_model.fit(
            *points, batch_size=30, epochs=1, shuffle=False, verbose=0, callbacks=list(callbacks)
        )

    def tracker(number, drawn):
        drawing = {"films": True} if drawn else {"boundary": False, "pictures": False}
        return nl.ActivationTracker(
            tmp_path / str(number), *points, unit="step", every=9, **drawing
        )

    end()
    plain = circle_model.get_weights()
    calls = {}  # their code, and whether they are of drawing, which takes longer
    for drawn in (True, False):
        end(tracker(f"first-{drawn}", drawn))  # what is kept for later is not made again
        found = calls_of_the_tracker(partial(end, tracker(f"whole-{drawn}", drawn)))
        calls |= {name: (code, drawn) for name, code in found.items()}
    assert len(calls) > 50
    functions = functions_at_module_level([code for code, _ in calls.values()])
    assert len(functions) > len(calls) / 2
    for number, (broken, (code, drawn)) in enumerate(calls.items()):
        watching = tracker(number, drawn)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            end_with_a_failure(partial(end, watching), broken, code, functions.get(code))
        own = [w for w in warned if "training goes on" in str(w.message)]
        # Without a gradient the rest is still measured; a remark in TensorBoard says so.
        is_replaced = broken[0] in OF_THE_GRADIENT or broken[1] in WITH_ANOTHER_WAY
        assert len(own) == 1 or (not own and is_replaced), broken
        for expected, found in zip(plain, circle_model.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=str(broken))


def test_an_error_that_cannot_be_told_is_named_by_its_kind():
    class SilentError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def fail():
        raise SilentError

    def release():
        raise OSError("nor can it be let go of")

    with pytest.warns(UserWarning, match="it stopped, training goes on: SilentError"):
        Guard("it", release=release).run(fail)


def test_keras_errors_are_told_without_terminal_codes(points, tmp_path):
    class Narrow(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2, name="narrow")
            self.dense.build((None, 3))

        def call(self, x):
            return self.dense(x)

    with pytest.raises(ValueError, match="incompatible") as raised:
        Narrow()(points[0])
    assert "Arguments received" in str(raised.value)
    tracker = nl.ActivationTracker(tmp_path, points[0])
    with pytest.warns(UserWarning, match=r"training goes on: .*narrow.* is incompatible") as warned:
        tracker.observe(Narrow(), 0)
    message = str(warned[0].message)
    assert not {"\x1b", "\n"} & {*message}
    assert "Arguments received" not in message


def test_a_warning_that_is_an_error_goes_to_stderr(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Guard("it").run(fail)
        warn_without_raising("a sentence")
    printed = capsys.readouterr()
    assert (
        printed.err
        == "UserWarning: it stopped, training goes on: injected\nUserWarning: a sentence\n"
    )
    assert not printed.out


def test_a_warning_is_attributed_to_who_is_asked_for():
    with pytest.warns(UserWarning, match="a sentence") as warned:
        warn_without_raising("a sentence", stacklevel=1)
    assert warned[0].filename == __file__


def test_a_stream_that_is_closed_ends_nothing(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_without_raising("a sentence")


WARNED = {
    "wrong points": ({"x": np.zeros((60, 3))}, "training goes on: x must have the shape", 0),
    "new": ({"if_exists": "new"}, "holds an earlier run; this one is written to", 3),
    "append": ({"if_exists": "append"}, "holds an earlier run, up to step 2; this one goes on", 3),
    "replace": ({"if_exists": "replace"}, "the earlier run in .* is deleted", 3),
    "left": ({"if_exists": "replace"}, "holds 1 event files that no tracker wrote", 3),
    "deleted": ({}, "was deleted or moved away while it was written", 3),
}


@pytest.mark.parametrize("case", WARNED)
def test_warnings_as_errors_end_neither_training_nor_watching(
    circle_model, points, tmp_path, capsys, case
):
    """No warning that a tracker gives while a model trains is raised in the training."""
    (options, says, observed), folder = WARNED[case], tmp_path / "run"
    circle_model.compile("sgd", "mse")
    train = partial(circle_model.fit, *points, epochs=2, verbose=0)
    if "if_exists" in options:
        train(callbacks=[nl.ActivationTracker(folder, *points, pictures=False, boundary=False)])
    if case == "left":
        (folder / "events.out.tfevents.1.other").write_bytes(b"")

    class Delete(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if case == "deleted" and epoch:
                shutil.rmtree(folder)

    given = {"x": points[0], "y": points[1], "pictures": False, "boundary": False, **options}
    tracker = nl.ActivationTracker(folder, **given)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        history = train(callbacks=[tracker, Delete()])
    assert len(history.history["loss"]) == 2
    assert len(tracker.history.get("step", ())) == observed
    printed = capsys.readouterr().err
    assert len(re.findall(says, printed)) == 1, printed


MIRRORED = """
import os, sys, warnings
import numpy as np, tensorflow as tf, keras, normlayers as nl
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
for unit in ("step", "epoch"):
    ends, steps = [], []
    for tracked in (False, True):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, "relu", name="h"),
                                      keras.layers.Dense(1)])
            model.compile("adam", "mse", jit_compile=False)
        folder = os.path.join(sys.argv[1], unit)
        tracker = nl.ActivationTracker(folder, x, unit=unit, every=2, strict=True)
        for _ in range(2):
            model.fit(x, x[:, :1], epochs=2, batch_size=16, verbose=0, shuffle=False,
                      callbacks=[tracker] if tracked else [])
        ends.append(model.get_weights())
    for plain, watched in zip(*ends):
        np.testing.assert_array_equal(plain, watched)
    print(tracker.history["step"].tolist())
"""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's strategy")
def test_a_model_mirrored_over_devices_is_watched_in_steps_and_in_epochs(tmp_path):
    done = run_python("-c", MIRRORED, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-2:] == [str([*range(0, 17, 2)]), str([0, 2, 4])]
