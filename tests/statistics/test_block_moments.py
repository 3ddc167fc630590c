"""The numerics of a block: short floats at speed, long integers to the last digit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.statistics.moments import Moments


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("columns", [1, 3, 64, 1500])
@pytest.mark.parametrize("offset", [0.0, 3.0, 1e3, 1e6])
def test_short_floats_in_large_blocks_are_right_to_2e_7(dtype, columns, offset):
    if dtype == np.float16 and offset > 3:
        pytest.skip("float16 cannot hold it")
    rows = 1_000_000 // columns
    x = np.random.default_rng(1).normal(loc=offset, size=(rows, columns)).astype(dtype)
    moments = Moments()
    moments.update(x)
    mean, variance = x.astype(float).mean(axis=0), x.astype(float).var(axis=0)
    np.testing.assert_allclose(moments.variance, variance, rtol=2e-7)
    assert np.max(np.abs(moments.mean - mean) / np.sqrt(variance)) <= 2e-7


@given(value=st.floats(1e-3, 1e3), rare=st.floats(0.0, 1.0), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_two_valued_data_round_always_the_same_way_and_are_still_right(value, rare, seed):
    x = (np.random.default_rng(seed).random((40_000, 2)) < rare).astype("float32")
    x *= np.float32(value)
    moments = Moments()
    moments.update(x)
    np.testing.assert_allclose(moments.variance, x.astype(float).var(axis=0), rtol=2e-7)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e25, 1e37])
def test_float32_squares_that_overflow_or_vanish_are_computed_in_float64(scale):
    x = (np.random.default_rng(2).random((40_000, 2)) * scale).astype("float32")
    moments = Moments()
    moments.update(x)
    np.testing.assert_allclose(moments.variance, x.astype(float).var(axis=0), rtol=1e-10)


IDS = 2**62 + np.array([[1], [3], [5]])


@pytest.mark.parametrize("x", [IDS, IDS.astype(np.uint64) + 2**63 - 2**62, -IDS])
def test_identifiers_keep_their_last_digits(x):
    moments = Moments()
    moments.update(x[:1])
    moments.update(x[1:])
    assert moments.variance[0] == pytest.approx(8 / 3, rel=1e-15)


def test_integers_that_span_their_type_do_not_wrap():
    x = np.array([[np.iinfo(np.int64).min], [np.iinfo(np.int64).max]])
    moments = Moments()
    moments.update(x)
    assert moments.variance[0] == pytest.approx(2.0**126, rel=1e-12)
