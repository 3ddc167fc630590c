"""What a watched model draws at inference is drawn from numbers of the reading's own."""

import random

import keras
import numpy as np
import pytest
from keras import layers

import normlayers as nl
from normlayers.tracking.reading.random_states import kept_random_states

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 3)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's generator")
def test_tensorflow_draws_as_it_would_have(tmp_path):
    import tensorflow as tf

    class Dropping(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = layers.Dense(8, "relu"), layers.Dense(1, "sigmoid")

        def call(self, x, training=False):
            return self.out(tf.nn.dropout(self.hidden(x), 0.3))

    losses = []
    for name in (None, "watched"):
        keras.utils.set_random_seed(0)
        model = Dropping()
        model.compile("adam", "binary_crossentropy", run_eagerly=True)
        tracker = [nl.ActivationTracker(tmp_path / name, X, Y, strict=True)] if name else []
        losses.append(model.fit(X, Y, epochs=3, verbose=0, callbacks=tracker).history["loss"])
    assert losses[0] == losses[1]


def test_tensorflow_goes_on_where_it_was():
    tf = pytest.importorskip("tensorflow")

    def drawn(interrupted):
        tf.random.set_seed(5)
        first = float(tf.random.uniform(()))
        if interrupted:
            with kept_random_states():
                tf.random.uniform(())
        return first, float(tf.random.uniform(())), float(tf.random.uniform(()))

    assert drawn(True) == drawn(False)


def test_python_numpy_and_torch_go_on_where_they_were():
    torch = pytest.importorskip("torch")

    def draw():
        return random.random(), np.random.random(), float(torch.rand(()))  # noqa: NPY002

    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    with kept_random_states():
        first = draw()
    assert draw() == first
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002
    torch.set_rng_state(before[2])
