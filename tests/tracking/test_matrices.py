"""Which weights the tracker takes for matrices, by what it tells of their gradients."""

import keras
import numpy as np
import pytest
from keras import layers

import normlayers as nl
from normlayers.tracking.reading.loss_gradient import LossGradient


@pytest.mark.parametrize("kind", ["attention", "gru", "prelu"])
def test_biases_of_two_axes_are_no_matrices(tmp_path, kind):
    """That of an attention's keys has no gradient at all."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 5, 4)).astype("float32"), np.arange(40) % 2
    points = keras.Input((5, 4))
    if kind == "attention":
        h = layers.MultiHeadAttention(2, 3, name="attention")(points, points)
    else:
        h = {"gru": layers.GRU(3), "prelu": layers.PReLU()}[kind](points)
    model = keras.Model(points, layers.Dense(1, "sigmoid")(layers.Flatten()(h)))
    model.compile("sgd", "binary_crossentropy")
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=True, boundary=False, pictures=False)
    tracker.observe(model, 0)
    slopes = LossGradient(model, x, y, np.zeros((40, 1))).norms()
    of = dict(zip([weight.path for weight in model.trainable_variables], slopes, strict=True))
    kernels = [slope for path, slope in of.items() if "kernel" in path]
    if kind == "attention":
        assert min(of.values()) < 1e-6 < 1e-4 < min(kernels)
    if len(kernels) > 1:
        smallest = tracker.history["overview/gradient_norm_smallest"][0]
        assert smallest == pytest.approx(min(kernels))
    else:
        assert "overview/gradient_norm_smallest" not in tracker.history
