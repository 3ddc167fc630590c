"""Steps are the batches that were trained, however Keras reports them."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.step_numbers import StepNumbers

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
