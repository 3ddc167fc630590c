"""What the layer computes errs at most twice as much as Keras's own layer does, in any shape."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from tests.layers.batch_norm.training_step import exact, one_step
from tests.layers.derivatives import BACKEND

if BACKEND == "jax":
    pytest.skip("JAX has no kernel of its own", allow_module_level=True)

RNG = np.random.default_rng(5)


def errors(layer, x, g, true):
    """Largest errors, relative to the values; of sums, to the root of the number of terms too."""
    terms = (x.size / x.shape[layer.axis]) ** 0.5 * np.sqrt(np.square(g, dtype=float).mean())
    found = one_step(layer, x, g)
    scale = {name: np.abs(value).max() for name, value in true.items()}
    scale |= {name: max(scale[name], terms) for name in ("d_gamma", "d_beta")}
    scale["moving_mean"] = true["moving_variance"].max() ** 0.5
    return {name: np.abs(found[name] - true[name]).max() / scale[name] for name in scale}


LARGE = [((32, 128, 128, 8), -1, (1, 100)), ((10**6, 8), -1, (0, 10))]
MANY = [((4096, 512), -1), ((300, 600), -1), ((64, 1000, 33), -1), ((8, 16, 32, 32, 8), -1)]
MANY += [((64, 300), -1), ((100, 700), -1)]
MANY += [((48, 4096), -1), ((1009, 130), -1)]  # fewer rows than a block; no images but of one row
if BACKEND == "torch":
    MANY += [((8, 8, 128, 130), 1), ((16, 32, 1024), 1), ((4, 8, 16, 32, 32), 1)]
CASES = [(shape, axis, mean) for shape, axis, means in LARGE for mean in means]
CASES += [(shape, axis, mean) for shape, axis in MANY for mean in (0, 1, 4, 10, 100, 1000)]


@pytest.mark.parametrize(("shape", "axis", "mean"), CASES)
def test_auto_is_as_exact_as_keras_layer(shape, axis, mean):
    """Within a factor of 2, or two roundings of float32."""
    x = RNG.standard_normal(shape, "float32") + np.float32(mean)
    g = RNG.standard_normal(shape, "float32") + np.float32(1)
    true = exact(x, g, axis)
    kinds = (nl.BatchNormalization, keras.layers.BatchNormalization)
    mine, theirs = (errors(kind(axis, momentum=0.0), x, g, true) for kind in kinds)
    for name, error in mine.items():
        assert error <= 2 * theirs[name] + 2.0**-22, (name, error, theirs[name])
    if x.size >= 2**17:
        assert mine["moving_variance"] <= 1e-6


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("shape", "axis"), MANY)
def test_auto_is_as_exact_as_keras_layer_in_half_precision(dtype, shape, axis):
    half = keras.ops.cast(RNG.normal(1, size=shape), dtype)
    x = convert_to_numpy(keras.ops.cast(half, "float32"))
    g = convert_to_numpy(keras.ops.cast(keras.ops.cast(RNG.normal(size=shape), dtype), "float32"))
    true = exact(x, g, axis)
    kinds = (nl.BatchNormalization, keras.layers.BatchNormalization)
    found = [errors(kind(axis, momentum=0, dtype=f"mixed_{dtype}"), x, g, true) for kind in kinds]
    for name, error in found[0].items():
        assert error <= 2 * found[1][name] + 2.0**-22, (name, error, found[1][name])


@pytest.mark.parametrize("mean", [0, 10, 1000])
def test_inference_is_as_exact_as_keras_layer(mean):
    x = RNG.standard_normal((4096, 64), "float32") + np.float32(mean)
    statistics = [np.full(64, value, "float32") for value in (1.5, 0.5, mean, 1.1)]
    error = []
    for kind in (nl.BatchNormalization, keras.layers.BatchNormalization):
        layer = kind()
        layer.build(x.shape)
        layer.set_weights(statistics)
        gamma, beta, mu, variance = (a.astype(float) for a in statistics)
        true = gamma * (x - mu) / np.sqrt(variance + 1e-3) + beta
        error.append(np.abs(convert_to_numpy(layer(x)) - true).max())
    assert error[0] <= 2 * error[1] + 2.0**-22
