"""One training step of batch normalization: exactly, in float64, and as a layer makes it."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from tests.layers.derivatives import gradients


def exact(x, g, axis, epsilon=1e-3):
    """``y``, the gradients of x, gamma and beta, and the batch's statistics, in float64."""
    x, g = x.astype(float), g.astype(float)
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    mu = x.mean(axes, keepdims=True)
    mu = mu + (x - mu).mean(axes, keepdims=True)
    variance = np.square(x - mu).mean(axes, keepdims=True)
    x_hat = (x - mu) / np.sqrt(variance + epsilon)
    along = (g * x_hat).mean(axes, keepdims=True)
    d_x = (g - g.mean(axes, keepdims=True) - x_hat * along) / np.sqrt(variance + epsilon)
    statistics = {"moving_mean": mu.ravel(), "moving_variance": variance.ravel()}
    sums = {"d_gamma": (g * x_hat).sum(axes), "d_beta": g.sum(axes)}
    return {"y": x_hat, "d_x": d_x, **sums, **statistics}


def one_step(layer, x, g):
    """The same by a layer that forgets its start."""
    layer.build(x.shape)
    state = [w.value for w in layer.non_trainable_variables]
    found = []

    def train(x, *learned):
        x = keras.ops.cast(x, layer.compute_dtype)
        y, moved = layer.stateless_call(learned, state, x, training=True)
        found[:] = [y, *moved]
        return keras.ops.cast(y, "float32")

    learned = [w.copy() for w in layer.get_weights()[:2]]
    d_x, d_gamma, d_beta = gradients(train, [x, *learned], g)
    y, *statistics = (keras.ops.cast(keras.ops.stop_gradient(t), "float64") for t in found)
    names = ("y", "moving_mean", "moving_variance", "d_x", "d_gamma", "d_beta")
    values = (*map(convert_to_numpy, (y, *statistics)), d_x, d_gamma, d_beta)
    return dict(zip(names, values, strict=True))
