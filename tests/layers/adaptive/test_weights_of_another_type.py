"""Weights that were another type's: float64's keep their digits, others' are taken or refused."""

import os

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, SECONDS, adapted, statistics
from tests.python_process import run_python

TEN = np.arange(10.0).reshape(-1, 1)


IN_FLOAT64 = """
import sys, keras, numpy as np, normlayers as nl
x = np.load(sys.argv[1])
inputs = keras.Input((2,), dtype="float64")
layers = [nl.Standardize(dtype="float64"), nl.MinMaxScale(dtype="float64")]
for layer in layers:
    layer.adapt(x)
model = keras.Model(inputs, [layer(inputs) for layer in layers])
model.save(sys.argv[2])
model.save_weights(sys.argv[3])
np.savez(sys.argv[4], *(weight for layer in layers for weight in layer.get_weights()))
"""


@pytest.fixture(scope="module")
def of_float64(tmp_path_factory):
    """Data, and where layers of them in float64 are saved: a model, its weights, and arrays."""
    folder = tmp_path_factory.mktemp("float64")
    x = np.column_stack([1_700_000_001 + np.arange(100) / 7, np.arange(100.0) ** 2 / 3])
    np.save(folder / "x.npy", x)
    names = ("x.npy", "model.keras", "model.weights.h5", "weights.npz")
    environment = {**os.environ, "JAX_ENABLE_X64": "1"}
    done = run_python("-c", IN_FLOAT64, *(str(folder / n) for n in names), env=environment)
    assert done.returncode == 0, done.stderr
    return x, folder


def in_float32(kind, way, folder):
    """A layer that takes float64's weights."""
    index, inputs = KINDS.index(kind), keras.Input((2,))
    if way == "model":
        model = keras.models.load_model(folder / "model.keras")
        return next(layer for layer in model.layers if isinstance(layer, kind))
    layers = [each(name=f"in_{each.__name__}") for each in KINDS]
    model = keras.Model(inputs, [layer(inputs) for layer in layers])
    if way == "load_weights":
        model.load_weights(folder / "model.weights.h5")
    else:
        arrays = np.load(folder / "weights.npz")
        layers[index].set_weights([arrays[f"arr_{3 * index + i}"] for i in range(3)])
    return layers[index]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["set_weights", "load_weights", "model"])
def test_a_float64_layers_weights_keep_their_digits_in_float32(way, kind, of_float64):
    """The file of a model is of float32 on JAX alone, which has no other type here."""
    x, folder = of_float64
    layer = in_float32(kind, way, folder)
    if way != "model" or BACKEND == "jax":
        assert {weight.dtype for weight in layer.get_weights()} == {np.dtype("float32")}
    location, spread, count = statistics(layer)
    if kind is nl.Standardize:
        exact, scale = (x.mean(axis=0), x.var(axis=0)), x.std(axis=0)
    else:
        exact, scale = (x.min(axis=0), x.max(axis=0)), np.ptp(x, axis=0)
    assert count == 100
    np.testing.assert_allclose(location[0], exact[0], rtol=2.0**-46)
    np.testing.assert_allclose(spread[0], exact[1], rtol=1e-12)
    seconds = np.array([[1_700_000_000, 0], [1_700_000_014, 3]], "int32")
    location = x.mean(axis=0) if kind is nl.Standardize else x.min(axis=0)
    np.testing.assert_allclose(output(layer, seconds), (seconds - location) / scale, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_float64_weights_set_by_hand_leave_nothing_of_the_old_behind(kind):
    layer = adapted(kind, SECONDS)
    location, spread, exact = (weight.astype(np.float64) for weight in layer.get_weights())
    layer.set_weights([0 * location + 10, 0 * spread + 4, exact])
    expected = [[1.0], [2.0]] if kind is nl.Standardize else [[0.5], [1.0]]
    np.testing.assert_array_equal(output(layer, np.array([[12.0], [14.0]], "float32")), expected)


@pytest.mark.parametrize("dtype", [np.longdouble, object, np.float16])
def test_weights_of_any_numbers_are_taken(dtype):
    layer, other = adapted(nl.Standardize, TEN), nl.Standardize()
    other.build((None, 1))
    other.set_weights([weight.astype(dtype) for weight in layer.get_weights()])
    for found, expected in zip(other.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected.astype(dtype).astype("float32"))


@pytest.mark.skipif(BACKEND == "jax", reason="JAX has no float64 here")
@pytest.mark.parametrize("kind", KINDS)
def test_statistics_too_large_for_the_type_are_refused_before_anything_changes(kind):
    large, layer = kind(dtype="float64"), adapted(kind, TEN)
    large.adapt(TEN * 1e40)
    before = layer.get_weights()
    with pytest.raises(ValueError, match="too large for float32"):
        layer.set_weights(large.get_weights())
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_number_of_rows_that_is_none_is_refused():
    layer = adapted(nl.Standardize, np.arange(70_000.0).reshape(-1, 1) / 1000)
    with np.errstate(over="ignore"):
        half = [weight.astype(np.float16) for weight in layer.get_weights()]
    with pytest.raises(ValueError, match="float16 holds no more than 65,504 rows"):
        layer.set_weights(half)
    assert layer.count == 70_000
