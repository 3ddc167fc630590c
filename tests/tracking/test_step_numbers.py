"""An observation's step: in epochs, passes or batches trained, over several fits and loops."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.step_numbers import StepNumbers
from tests.tensorboard_reader import Read
from tests.tracking.watched_fit import fit

X = np.random.default_rng(0).normal(size=(96, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch takes one step at a time")
def test_a_last_execution_that_is_shorter_counts_its_own_steps(tmp_path):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse", steps_per_execution=4)
    tracker = nl.ActivationTracker(tmp_path, X, unit="step", boundary=False, strict=True)
    model.fit(X, Y, batch_size=16, epochs=2, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 4, 6, 10, 12]
    assert int(model.optimizer.iterations) == 12
    model.fit(X, Y, batch_size=16, epochs=1, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 4, 6, 10, 12, 16, 18]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="data of TensorFlow")
@pytest.mark.parametrize("every", [1, 4])
def test_so_it_does_where_nobody_knows_how_many_there_are(tmp_path, every):
    import tensorflow as tf

    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse", steps_per_execution=4)
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(16).filter(lambda *_: True)
    tracker = nl.ActivationTracker(
        tmp_path, X, unit="step", every=every, boundary=False, strict=True
    )
    model.fit(data, epochs=2, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == {1: [0, 4, 6, 10, 12], 4: [0, 4, 10, 12]}[every]


def test_an_optimizer_that_counts_otherwise_does_not_set_the_numbers():
    numbers = StepNumbers("step")
    numbers.begin_epoch(0, lambda: None)
    assert [numbers.end_batch(batch) for batch in range(3)] == [True] * 3
    numbers.end_epoch(0)
    assert numbers.step == 3


@pytest.mark.parametrize(
    ("every", "epochs", "steps"), [(2, 5, [0, 2, 4, 5]), (3, 3, [0, 3]), (9, 4, [0, 4])]
)
def test_observes_at_the_start_when_due_and_at_the_end(
    circle_model, points, tmp_path, every, epochs, steps
):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, every=every, boundary=False)
    fit(circle_model, x, y, tracker, epochs=epochs)
    assert tracker.history["step"].tolist() == steps


def test_counts_steps_in_passes_where_an_epoch_spans_several(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, passes_per_epoch=10)
    fit(circle_model, x, y, tracker, epochs=2)
    assert tracker.history["step"].tolist() == [0, 10, 20]
    assert Read(tmp_path).steps("epoch_loss") == [10, 20]


@pytest.mark.parametrize(
    "steps_per_execution", [1] if keras.backend.backend() == "torch" else [1, 2]
)
def test_counts_in_steps(circle_model, points, tmp_path, steps_per_execution):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, every=2, unit="step", boundary=False)
    circle_model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    seen = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(tracker.model.get_weights())
    )
    weights = [circle_model.get_weights()]
    circle_model.fit(x, y, batch_size=15, epochs=2, verbose=0, callbacks=[tracker, seen])
    assert tracker.history["step"].tolist() == [0, 2, 4, 6, 8]
    circle_model.set_weights(weights[2 // steps_per_execution])
    share = (Probe(circle_model).read(x).activations["hidden"] > 0).mean(axis=0)
    found = [tracker.history[f"activity/hidden/neuron_{i}"][1] for i in range(2)]
    np.testing.assert_allclose(found, share, rtol=1e-6)
    assert Read(tmp_path).steps("epoch_loss") == [4, 8]
    # Training that goes on goes on counting the optimizer's steps.
    circle_model.fit(x, y, batch_size=15, epochs=1, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 2, 4, 6, 8, 10, 12]


def test_training_that_goes_on_goes_on_numbering(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(circle_model, x, y, tracker, epochs=2)
    fit(circle_model, x, y, tracker, epochs=4, initial_epoch=2)
    assert tracker.history["step"].tolist() == [0, 1, 2, 3, 4]


def test_training_that_counts_anew_goes_on_numbering(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(tmp_path, *points)
    for _ in range(2):
        fit(circle_model, *points, tracker, epochs=2)
    assert tracker.history["step"].tolist() == [0, 1, 2, 3, 4]
    assert Read(tmp_path).steps("epoch_loss") == [1, 2, 3, 4]


def test_numbering_after_an_interruption_goes_on_from_where_training_was(
    circle_model, points, tmp_path
):
    def interrupt(epoch, logs):
        if epoch == 7:
            raise KeyboardInterrupt

    tracker = nl.ActivationTracker(tmp_path, *points, every=5)
    stop = keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)
    circle_model.compile("sgd", "mse")
    with pytest.raises(KeyboardInterrupt):
        circle_model.fit(*points, epochs=9, verbose=0, callbacks=[tracker, stop])
    circle_model.fit(*points, epochs=3, verbose=0, callbacks=[tracker])
    assert Read(tmp_path).steps("epoch_loss") == list(range(1, 11))


def test_a_fit_after_a_loop_of_ones_own_goes_on_from_there(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    tracker.observe(circle_model, 7)
    circle_model.compile("sgd", "mse")
    circle_model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [7, 8, 9]


@pytest.mark.parametrize("step", ["3", float("nan"), float("inf"), None, 1.5, [1, 2], b"4"])
def test_steps_that_are_none(circle_model, points, tmp_path, step):
    with pytest.raises(ValueError, match=r"step must be a non-negative integer\. Received"):
        nl.ActivationTracker(tmp_path, points[0]).observe(circle_model, step)


def test_a_step_may_be_what_an_optimizer_counts(circle_model, points, tmp_path):
    circle_model.compile("sgd", "mse")
    circle_model.fit(*points, batch_size=20, verbose=0)
    tracker = nl.ActivationTracker(tmp_path, points[0], strict=True)
    tracker.observe(circle_model, circle_model.optimizer.iterations)
    assert tracker.history["step"].tolist() == [3]
