"""The numerics of a block: short floats at speed, long integers to the last digit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.statistics import block_moments
from normlayers.statistics.moments import Moments


def exact(column):
    """Mean and variance of a column, added up without rounding."""
    x = column.astype(float)
    shift = x[len(x) // 2]
    offset = math.fsum(x - shift) / len(x)
    return shift + offset, math.fsum((x - shift - offset) ** 2) / len(x)


def assert_right(x, tolerance=3e-12):
    moments = Moments()
    moments.update(x)
    for column in {0, x.shape[1] // 2, x.shape[1] - 1}:
        mean, variance = exact(x[:, column])
        assert moments.variance[column] == pytest.approx(variance, rel=tolerance, abs=0)
        # float64 cannot hold a large mean more exactly than to its own rounding.
        allowed = tolerance * math.sqrt(variance) + 2.0**-52 * abs(mean)
        assert abs(moments.mean[column] - mean) <= allowed


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("columns", [1, 3, 64, 1500])
@pytest.mark.parametrize("offset", [0.0, 3.0, 1e3, 1e6])
def test_normal_short_floats_in_large_blocks_are_right_to_3e_12(dtype, columns, offset):
    if dtype == np.float16 and offset > 3:
        pytest.skip("float16 cannot hold it")
    rows = 1_000_000 // columns
    assert_right(np.random.default_rng(1).normal(loc=offset, size=(rows, columns)).astype(dtype))


def random(rows, seed=3):
    return np.random.default_rng(seed).normal(size=rows)


def every(rows, step):
    """True for the rows from which a first shift may be taken."""
    return np.arange(rows) % step == 0


ADVERSARIAL = {
    "a lattice": lambda n: np.round(random(n) * 8) / 8 + 1,
    "a lattice of thirds": lambda n: np.round(random(n) * 3) / 3 + 1 / 3,
    "a constant and one step": lambda n: np.where(np.arange(n) == n // 3, 0.5004883, 0.5),
    "a constant and a rare step": lambda n: np.where(every(n, 999), 1.001, 1.0),
    "two values": lambda n: np.where(random(n) > 1, 0.7, 0.1),
    "two far values": lambda n: np.where(random(n) > 2, 6e4, -1.0),
    "sorted": lambda n: np.sort(random(n)),
    "sorted, far from 0": lambda n: np.sort(random(n)) + 100,
    "alternating signs": lambda n: np.where(every(n, 2), 1, -1) * (1 + np.abs(random(n))),
    "alternating signs, one value": lambda n: np.where(every(n, 2), 0.1, -0.1),
    "outliers where the shift is taken": lambda n: np.where(every(n, n // 16), 6e4, random(n)),
    "one outlier": lambda n: np.where(np.arange(n) == 1, 6e4, random(n)),
    "heavy tails": lambda n: np.clip(1 / random(n), -6e4, 6e4),
    "subnormal": lambda n: np.round(random(n)) * 2.0**-24,
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("columns", [1, 5, 64])
@pytest.mark.parametrize("data", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_no_short_floats_make_the_rounding_errors_add_up(data, columns, dtype):
    rows = 300_000 // columns
    x = np.repeat(data(rows)[:, np.newaxis], columns, axis=1).astype(dtype)
    assert_right(x)


@given(
    value=st.floats(1e-3, 1e3),
    rare=st.floats(0.0, 1.0),
    offset=st.sampled_from([0.0, 1.0, 1e2, 1e4]),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=30)
def test_two_valued_data_round_always_the_same_way_and_are_still_right(value, rare, offset, seed):
    x = (np.random.default_rng(seed).random((40_000, 2)) < rare) * value + offset
    assert_right(x.astype("float32"))


def test_constant_features_have_no_variance_whatever_their_value():
    x = np.full((40_000, 4), [0.1, -3e7, 0.0, 1e-40], "float32")
    moments = Moments()
    moments.update(x)
    assert moments.variance.tolist() == [0.0] * 4
    assert moments.mean.tolist() == x[0].astype(float).tolist()


def test_the_bound_does_not_hang_on_the_order_of_the_sums(monkeypatch):
    """As another processor's BLAS would have it: one number after the other."""
    x = (np.random.default_rng(4).integers(0, 9, (40_000, 3)) / 3).astype("float32")
    one_after_the_other = lambda part: np.cumsum(part, axis=0)[-1]  # noqa: E731
    monkeypatch.setattr(block_moments, "_column_sums", one_after_the_other)
    assert_right(x)


@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1e-20, 1e25, 1e37])
def test_float32_squares_that_overflow_or_vanish_are_computed_in_float64(scale):
    assert_right((np.random.default_rng(2).random((40_000, 2)) * scale).astype("float32"))


@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_large_blocks_refuse_what_is_not_finite_and_leave_out_nan_where_asked(value, dtype):
    x = np.ones((40_000, 3), dtype)
    x[::2] = 3
    x[-2, 1] = value
    with pytest.raises(ValueError, match=r"feature 1 has 1 (NaN|infinite) values"):
        Moments().update(x)
    if np.isnan(value):
        moments = Moments(missing="ignore")
        moments.update(x)
        assert moments.count.tolist() == [40_000, 39_999, 40_000]
        assert moments.variance[::2].tolist() == [1.0, 1.0]


IDS = 2**62 + np.array([[1], [3], [5]])


@pytest.mark.parametrize(
    "x",
    [IDS, IDS.astype(np.uint64) + 2**63 - 2**62, -IDS, IDS.astype(">i8"), IDS.astype(">u8")],
)
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
