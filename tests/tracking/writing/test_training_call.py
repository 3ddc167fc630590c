"""Who has a folder: a training that was interrupted gives it up, one that runs does not."""

import copy
import threading

import keras
import pytest

import normlayers as nl
from normlayers.tracking.writing.training_call import TrainingCall
from tests.tensorboard_reader import Read


class Ends(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        raise self.error


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("if_exists", ["append", "replace"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("stop")], ids=repr)
@pytest.mark.filterwarnings("ignore:.*earlier run")
def test_an_interrupted_training_gives_its_folder_up(
    circle_model, points, tmp_path, error, if_exists, kept
):
    """Also where a notebook keeps what the training held, in the traceback."""
    folder = tmp_path / "run"
    circle_model.compile("sgd", "binary_crossentropy")
    first = nl.ActivationTracker(folder, *points)
    traceback = None
    try:
        circle_model.fit(*points, epochs=2, verbose=0, callbacks=[first, Ends(error)])
    except (KeyboardInterrupt, RuntimeError) as raised:
        traceback = raised.__traceback__ if kept else None
    error.__traceback__ = None
    second = nl.ActivationTracker(folder, *points, if_exists=if_exists, strict=True)
    circle_model.fit(*points, epochs=2, verbose=0, callbacks=[second])
    assert (traceback is not None) == kept
    steps = Read(folder).steps("overview/dead_worst")
    assert steps == ([0, 1, 2] if if_exists == "replace" else [0, 1, 1, 2, 3])
    assert first.history["step"].tolist() == [0, 1]


def test_a_training_that_runs_keeps_its_folder(circle_model, points, tmp_path):
    folder = tmp_path / "run"
    circle_model.compile("sgd", "binary_crossentropy")
    first = nl.ActivationTracker(folder, *points)
    said = []

    def intrude():
        second = nl.ActivationTracker(folder, *points, if_exists="append", strict=True)
        with pytest.warns(UserWarning, match="earlier run"), pytest.raises(BlockingIOError) as no:
            second.observe(circle_model, 7)
        said.append(str(no.value))

    class Intrudes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            thread = threading.Thread(target=intrude)
            thread.start()
            thread.join()

    circle_model.fit(*points, epochs=2, verbose=0, callbacks=[first, Intrudes()])
    assert len(said) == 2
    assert "another tracker is writing to" in said[0]
    assert Read(folder).steps("overview/dead_worst") == [0, 1, 2]


def test_a_loop_of_ones_own_keeps_its_folder(circle_model, points, tmp_path):
    first = nl.ActivationTracker(tmp_path, *points)
    first.observe(circle_model, 0)
    second = nl.ActivationTracker(tmp_path, *points, if_exists="append", strict=True)
    with pytest.warns(UserWarning, match="earlier run"), pytest.raises(BlockingIOError):
        second.observe(circle_model, 1)
    first.close()
    second.observe(circle_model, 1)


def test_the_innermost_fit_is_meant():
    def fit(inner=None):
        callbacks = keras.callbacks.CallbackList()
        call, other = TrainingCall(), inner() if inner else None
        return call, other, call.is_over, other.is_over if inner else None, callbacks

    outer, inner, outer_is_over, inner_is_over, _ = fit(lambda: fit()[0])
    assert (outer_is_over, inner_is_over) == (False, True)
    assert (outer.is_over, inner.is_over) == (True, True)
    assert not copy.deepcopy(outer).is_over


def test_a_loop_of_ones_own_may_be_called_fit(circle_model, points, tmp_path):
    """With callbacks in a plain list, as Keras's has them."""
    circle_model.compile("sgd", "binary_crossentropy")

    def fit(callbacks):
        every = keras.callbacks.CallbackList(callbacks, model=circle_model)
        every.on_train_begin()
        for epoch in range(2):
            every.on_epoch_begin(epoch)
            circle_model.train_on_batch(*points)
            every.on_epoch_end(epoch)
        every.on_train_end()

    tracker = nl.ActivationTracker(tmp_path, *points, strict=True)
    fit(callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 1, 2]
