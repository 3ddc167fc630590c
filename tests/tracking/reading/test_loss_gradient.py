"""Gradients of a loss in half precision, and of classes that a model does not have."""

import keras
import numpy as np
import pytest

from normlayers.tracking.reading.loss_gradient import LossGradient

layers = keras.layers
RNG = np.random.default_rng(0)


def test_classes_beyond_the_models_are_refused_before_they_take_memory():
    x, y = RNG.normal(size=(40, 2)).astype("float32"), np.full(40, 2**31 - 1)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match="y has more classes than the model, 3"):
        LossGradient(model, x, y, keras.ops.convert_to_numpy(model(x)))


def deep_norms(policy, gain):
    """Of the same network in two precisions, with weights of a size."""
    stack = [layers.Dense(8, "sigmoid", dtype=policy) for _ in range(10)]
    last = layers.Dense(1, "sigmoid", dtype=layers.Dense(1).dtype_policy)
    model = keras.Sequential([keras.Input((4,)), *stack, last])
    random = np.random.default_rng(0)
    model.set_weights([gain * random.normal(size=w.shape) / 3 for w in model.get_weights()])
    model.compile("sgd", "binary_crossentropy")
    x = random.normal(size=(40, 4)).astype("float32")
    return LossGradient(model, x, np.arange(40) % 2, keras.ops.convert_to_numpy(model(x))).norms()


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_gradients_of_half_precision_do_not_vanish_in_rounding(gain):
    half, single = deep_norms("mixed_float16", gain), deep_norms("float32", gain)
    assert single[0] < 6e-7
    kept = single > 1e-9  # of what is shorter a part vanishes still
    np.testing.assert_allclose(half[kept], single[kept], rtol=0.05)


def test_gradients_of_half_precision_that_a_scale_makes_infinite_are_finite():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, dtype="mixed_float16")])
    model.compile("sgd", "mse")
    model.set_weights([np.full((4, 1), 0.5), np.zeros(1)])
    x = 30 * np.ones((40, 4), "float32")
    norms = LossGradient(model, x, np.zeros(40, int), keras.ops.convert_to_numpy(model(x))).norms()
    # The prediction is 60, and so is half the derivative of its square.
    np.testing.assert_allclose(norms, [120 * 30 * 2, 120], rtol=0.01)
