"""Normalizations that a model calls with ``training=True`` whatever mode it runs in."""

import keras
import numpy as np
import pytest

import normlayers as nl

layers = keras.layers
X = np.random.default_rng(0).normal(2, 3, (20, 4)) + np.arange(20)[:, None]
X = X.astype("float32")


class TwoNormalizations(keras.Model):
    """Not a Functional one, in which Keras passes its own mode on whatever a call was given."""

    def __init__(self, **of_first):
        super().__init__()
        self.first = layers.BatchNormalization(name="first", **of_first)
        self.dense = layers.Dense(3, activation="relu")
        self.second = layers.BatchNormalization(name="second")

    def hidden(self, inputs):
        return self.dense(self.first(inputs, training=True))

    def call(self, inputs, training=False):
        return self.second(self.hidden(inputs), training=training)


@pytest.mark.parametrize("layerwise", [True, False])
def test_what_comes_after_them_is_normalized_by_each_batch(layerwise):
    model = TwoNormalizations()
    batches = [X[first : first + 5] for first in range(0, 20, 5)]
    model(X)
    found = [keras.ops.convert_to_numpy(keras.ops.copy(model.hidden(batch))) for batch in batches]
    nl.recalibrate(model, X, batch_size=5, layerwise=layerwise)
    second = model.second
    outputs = np.concatenate(found).astype(float)
    mean, variance = map(keras.ops.convert_to_numpy, (second.moving_mean, second.moving_variance))
    np.testing.assert_allclose(mean, outputs.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, outputs.var(axis=0), rtol=1e-5)


def test_what_depends_on_earlier_batches_is_refused():
    model = TwoNormalizations(renorm=True)
    model(X)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"'first' is called with training=True and has renorm"):
        nl.recalibrate(model, X, batch_size=5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
