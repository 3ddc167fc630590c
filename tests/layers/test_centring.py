"""Centring over the whole range of every integer type, against exact fractions."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import normlayers as nl
from normlayers.layers.centring import has_64_bits, split, subtract
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, adapted

TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


def received(dtype):
    """Skip what the backend has no tensors of."""
    if BACKEND == "torch" and dtype == "uint64":
        pytest.skip("Keras on torch refuses uint64")
    if dtype.endswith("64") and not has_64_bits():
        pytest.skip("JAX has 32-bit integers")
    return dtype


def integers(dtype):
    """All of a type's integers, those at its ends and near 0 more often."""
    info = np.iinfo(dtype)
    near = [
        st.integers(max(info.min, c - 9), min(info.max, c + 9)) for c in (info.min, 0, info.max)
    ]
    return st.one_of(st.integers(int(info.min), int(info.max)), *near)


@pytest.mark.parametrize("dtype", TYPES)
def test_differences_are_right_over_the_whole_range_of_integers(dtype):
    received(dtype)

    @settings(deadline=None, max_examples=60)
    @given(st.lists(integers(dtype), min_size=4, max_size=4), integers(dtype), st.floats(0, 1))
    @example([1, 3, 5, 2], 3, 0.0)
    def right(values, whole, rest):
        location = np.array([float(whole) + rest])
        high, low = split(location, "float32")
        x, *parts = map(keras.ops.convert_to_tensor, (np.array(values, dtype), high, low))
        found = keras.ops.convert_to_numpy(subtract(x, *parts, "float32"))
        held = Fraction(float(high[0])) + Fraction(float(low[0]))
        for value, difference in zip(values, found.tolist(), strict=True):
            exact = Fraction(value) - held
            # The sum of two float32s is the location; three roundings follow.
            assert abs(Fraction(difference) - exact) <= abs(exact) * Fraction(3, 2**24) + Fraction(
                1, 2**24
            )

    right()


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("apart", [0, 1, 3, 1_000_003])
def test_microseconds_of_this_century_keep_their_distance_from_the_mean(dtype, apart):
    received(dtype)
    mean = 1_764_000_000_123_457
    parts = map(keras.ops.convert_to_tensor, split(np.array([float(mean)]), "float32"))
    x = keras.ops.convert_to_tensor(np.array([mean - apart, mean + apart], dtype))
    high, low = parts
    held = int(Fraction(float(high[0])) + Fraction(float(low[0])))
    found = keras.ops.convert_to_numpy(subtract(x, high, low, "float32"))
    assert found.tolist() == [mean - apart - held, mean + apart - held]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint32", "int64", "uint64"])
def test_small_integers_of_any_type_do_not_wrap(kind, dtype):
    if BACKEND == "torch" and dtype == "uint64":
        pytest.skip("Keras on torch refuses uint64")
    x = np.array([[1], [3], [5]], dtype)
    expected = (
        (x.astype(float) - 3) / np.sqrt(8 / 3) if kind is nl.Standardize else [[0], [0.5], [1]]
    )
    np.testing.assert_allclose(output(adapted(kind, x), x), expected, atol=2e-7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64"])
def test_the_ends_of_a_type_are_as_far_apart_as_they_are(kind, dtype):
    received(dtype)
    info = np.iinfo(dtype)
    x = np.array([[info.min], [info.max // 2], [info.max]], dtype)
    exact = np.array([[float(int(entry))] for entry in x[:, 0]])
    if kind is nl.Standardize:
        expected = (exact - exact.mean()) / exact.std()
    else:
        expected = (exact - exact.min()) / np.ptp(exact)
    np.testing.assert_allclose(output(adapted(kind, x), x), expected, atol=5e-7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_identifiers_at_the_end_of_64_bits_stay_apart(kind, dtype):
    step = 1 if kind is nl.Standardize else 4096  # extrema are kept in float64
    x = (np.iinfo(dtype).max - step * np.arange(1000, dtype=dtype)).reshape(-1, 1)
    layer = adapted(kind, x)
    if not has_64_bits():
        with pytest.raises(ValueError, match=r"JAX cuts integers to 32 bits.*jax_enable_x64"):
            layer(x)
        return
    received(dtype)
    y = output(layer, x)
    steps = np.arange(1000.0)
    scale = steps.std() if kind is nl.Standardize else 999
    np.testing.assert_allclose(np.diff(y[:, 0]), -1 / scale, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tf_data_map_is_exact_whatever_the_backend(kind):
    tf = pytest.importorskip("tensorflow")
    x = (np.iinfo(np.int64).max - 4096 * np.arange(1000)).reshape(-1, 1)
    mapped = tf.data.Dataset.from_tensor_slices(x).batch(250).map(adapted(kind, x))
    y = np.concatenate([keras.ops.convert_to_numpy(batch) for batch in mapped])[:, 0]
    scale = np.arange(1000.0).std() if kind is nl.Standardize else 999
    np.testing.assert_allclose(np.diff(y), -1 / scale, rtol=1e-3)


def test_integers_that_fit_32_bits_are_taken_on_jax():
    x = np.array([[2**31 + 1], [2**31 + 3]], "int64")
    assert output(adapted(nl.Standardize, x), x).tolist() == [[-1.0], [1.0]]
