"""Whole passes against Keras's own ``fit``."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import normlayers as nl
from normlayers.experiments.running.keras_fit.whole_passes import fit_in_passes

X = np.random.default_rng(0).normal(3, 1, (22, 2)).astype("float32")
Y = (X[:, :1] > 3).astype("float32")


def model(optimizer="rmsprop"):
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, use_bias=False),  # one before this has rounding for a gradient
            nl.BatchNormalization(activation="relu"),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    made.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return made


@pytest.mark.parametrize("batch_size", [4, 11, 22, 30])
def test_the_steps_are_those_of_fit(batch_size):
    """Of the same batches in the same order: with a rest, without, and all at once."""
    ours, keras_own = model(), model()
    told = keras.callbacks.History()
    fit_in_passes(ours, X, Y, batch_size, passes=6, passes_per_epoch=3, seed=5, callbacks=[told])
    data = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(len(X), seed=5).batch(batch_size)
    steps = 3 * -(-len(X) // batch_size)
    history = keras_own.fit(
        data.repeat(), epochs=2, steps_per_epoch=steps, shuffle=False, verbose=0
    )
    for weight, expected in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-6)
    assert int(ours.optimizer.iterations) == 2 * steps
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(told.history[name], history.history[name], rtol=1e-5)


def test_the_model_then_fits_as_ever():
    ours = model("sgd")
    fit_in_passes(ours, X, Y, 4, passes=1)
    before = int(ours.optimizer.iterations)
    ours.fit(X, Y, batch_size=11, verbose=0)
    assert int(ours.optimizer.iterations) == before + 2


def test_refuses_passes_that_epochs_do_not_hold():
    with pytest.raises(ValueError, match="passes=5, passes_per_epoch=2"):
        fit_in_passes(model(), X, Y, 4, passes=5, passes_per_epoch=2)
