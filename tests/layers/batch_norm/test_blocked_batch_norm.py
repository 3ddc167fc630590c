"""Values far from 0, of which ``x * scale + shift`` would leave rounding, against exact arithmetic.

Sums over many values are in test_exactness.py.
"""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from normlayers.layers.batch_norm.blocked_batch_norm import FEW
from tests.layers.batch_norm.training_step import exact, one_step
from tests.layers.derivatives import BACKEND

if BACKEND == "jax":
    pytest.skip("JAX has no kernel of its own", allow_module_level=True)

RNG = np.random.default_rng(11)
# Values of a channel: those of torch's kernel, those of blocks, and more than a block.
ROWS = [2, 8, 64, 65, 128, 5000]
FAR = [(0.0, 1.0), (1e4, 1.0), (1e5, 0.1), (-3e4, 10.0)]
ON_TORCH = pytest.mark.skipif(
    BACKEND != "torch", reason="TensorFlow is as exact as Keras's layer: both centre by a float32"
)


@pytest.mark.parametrize("rows", [1, *ROWS, 40_000])
@pytest.mark.parametrize(("mean", "std"), FAR)
@pytest.mark.parametrize("axis", [-1, 1])
def test_inference_far_from_0_errs_at_most_twice_as_much_as_keras_layer(rows, mean, std, axis):
    shape = (rows, 16) if axis == -1 else (rows, 16, 1, 1)
    x = RNG.normal(mean, std, shape).astype("float32")
    weights = [np.full(16, value, "float32") for value in (1.5, 0.5, mean, std**2)]
    gamma, beta, mu, variance = (weight[0].astype(float) for weight in weights)
    true = gamma * (x - mu) / np.sqrt(variance + 1e-3) + beta
    error = []
    for kind in (nl.BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(axis)
        layer.build(shape)
        layer.set_weights(weights)
        error.append(np.abs(convert_to_numpy(keras.ops.stop_gradient(layer(x))) - true).max())
    assert error[0] <= 2 * error[1] + 2.0**-22 * np.abs(true).max()


@ON_TORCH
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("mean", "std"), FAR)
@pytest.mark.parametrize("axis", [-1, 1])
def test_a_training_step_far_from_0_is_exact(rows, mean, std, axis):
    """Where Keras's layer on torch, by E[x^2] - E[x]^2, may not even give numbers."""
    x = RNG.normal(mean, std, (rows, 16)).astype("float32")
    g = RNG.normal(1, 1, x.shape).astype("float32")
    if axis == 1:
        x, g = (a.reshape(1, rows, 16).swapaxes(1, 2).copy() for a in (x, g))
    true = exact(x, g, axis)
    found = one_step(nl.BatchNormalization(axis, momentum=0.0), x, g)
    variance = true["moving_variance"] + 1e-3
    largest, root = np.abs(g).max(), rows**0.5
    terms = {
        "y": 1,
        "d_x": largest / variance.min() ** 0.5,
        "d_gamma": np.maximum(np.abs(true["d_gamma"]), largest * root),
        "d_beta": np.maximum(np.abs(true["d_beta"]), largest * root),
        "moving_mean": abs(mean) + std,
        "moving_variance": variance,
    }
    # In one thread torch's kernel adds one value after the other: 1.3e-6 was seen of 64.
    bound = 2e-6 if rows == FEW else 1e-6
    for name, scale in terms.items():
        error = np.max(np.abs(found[name] - true[name]) / scale)
        assert error <= bound, (name, error)


@ON_TORCH
@pytest.mark.parametrize("rows", [*ROWS, 2**15])
@pytest.mark.parametrize("value", [1e5, 12345.678, -98765.43])
@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_a_constant_channel_comes_out_as_beta(rows, value, epsilon):
    x = np.full((rows, 4), value, "float32")
    layer = nl.BatchNormalization(epsilon=epsilon, beta_initializer="ones", momentum=0.0)
    y = convert_to_numpy(keras.ops.stop_gradient(layer(x, training=True)))
    np.testing.assert_allclose(y, 1, atol=1e-6)
    np.testing.assert_allclose(layer.get_weights()[2], x[0], rtol=1e-7)
    np.testing.assert_allclose(layer.get_weights()[3], 0, atol=1e-12)


@pytest.mark.parametrize("rows", [4, 300])
def test_an_infinite_value_makes_an_infinite_mean_as_in_keras_layer(rows):
    x = np.zeros((rows, 2), "float32")
    x[1, 0] = -np.inf
    for layer in (nl.BatchNormalization(), keras.layers.BatchNormalization()):
        layer(x, training=True)
        np.testing.assert_array_equal(convert_to_numpy(layer.moving_mean.value), [-np.inf, 0])
