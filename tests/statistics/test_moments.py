"""Moments against exact rational arithmetic, and what they refuse."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from normlayers.statistics.moments import Moments


def exact(column):
    """Mean and variance of a column of floats, without any rounding."""
    values = [Fraction(float(value)) for value in column]
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / len(values)


def batches_of(x, cuts):
    edges = [0, *sorted(cut % (len(x) + 1) for cut in cuts), len(x)]
    return [x[start:end] for start, end in pairwise(edges)]


@given(
    x=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.floats(-1, 1)
    ),
    offset=st.sampled_from([0.0, 1.0, 1e4, -1e8]),
    cuts=st.lists(st.integers(0, 1000), max_size=5),
)
@settings(deadline=None)
def test_equals_exact_arithmetic_however_the_data_are_cut(x, offset, cuts):
    x = x + offset
    moments = Moments()
    for batch in batches_of(x, cuts):
        moments.update(batch)
    for feature in range(x.shape[1]):
        mean, variance = exact(x[:, feature])
        std = float(variance) ** 0.5
        # Some roundings of the mean to float64 are all that may be lost.
        rounding = float(np.spacing(abs(offset) + 1))
        assert abs(float(Fraction(moments.mean[feature]) - mean)) <= 8 * rounding
        assert moments.variance[feature] == pytest.approx(
            float(variance), rel=1e-12, abs=4 * rounding * (std + rounding)
        )


def test_mean_of_1e8_times_the_std_costs_no_precision():
    x = np.random.default_rng(0).normal(loc=1e8, size=(10_000, 2))
    moments = Moments()
    for row in range(0, len(x), 7):
        moments.update(x[row : row + 7])
    for feature in range(2):
        mean, variance = exact(x[:, feature])
        assert moments.variance[feature] == pytest.approx(float(variance), rel=1e-12)
        assert moments.mean[feature] == pytest.approx(float(mean), rel=1e-15)


def test_constant_feature_has_exactly_no_variance():
    moments = Moments()
    for rows in (3, 1, 5):
        moments.update(np.full((rows, 1), 0.1))
    assert moments.variance.tolist() == [0.0]
    assert moments.mean.tolist() == [0.1]


@pytest.mark.parametrize(
    ("axis", "reduced"),
    [(-1, (0, 1, 2)), (1, (0, 2, 3)), ((1, -1), (0, 2)), (None, (0, 1, 2, 3)), ((3, 1), (0, 2))],
)
def test_keeps_the_axes_it_is_told_to(axis, reduced):
    x = np.random.default_rng(1).normal(size=(6, 3, 4, 2))
    moments = Moments(axis=axis)
    moments.update(x[:2])
    moments.update(x[2:])
    np.testing.assert_allclose(moments.mean, x.mean(axis=reduced), rtol=1e-12)
    np.testing.assert_allclose(moments.variance, x.var(axis=reduced), rtol=1e-12)
    assert moments.rows == 6


def test_ignored_nan_is_left_out_feature_by_feature():
    x = np.array([[1.0, np.nan], [np.nan, 4.0], [3.0, 6.0], [np.nan, np.nan]])
    moments = Moments(missing="ignore")
    for row in x:
        moments.update(row[np.newaxis])
    assert moments.count.tolist() == [2, 2]
    assert moments.mean.tolist() == [2.0, 5.0]
    assert moments.variance.tolist() == [1.0, 1.0]


def test_a_feature_that_is_all_nan_counts_nothing():
    moments = Moments(missing="ignore")
    moments.update(np.array([[np.nan, 1.0], [np.nan, 3.0]]))
    assert moments.count.tolist() == [0, 2]
    assert moments.variance.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("batch", "error", "says"),
    [
        (
            np.array([[1.0, np.nan], [2.0, np.nan]]),
            ValueError,
            r"feature 1 has 2 NaN .* rows 2 to 3",
        ),
        (np.array([[1.0, 2.0], [np.inf, 3.0]]), ValueError, "feature 0 has 1 infinite"),
        (np.array([["a", "b"]]), TypeError, "real numbers"),
        (np.array([[1j, 2.0]]), TypeError, "real numbers"),
        (np.array([[None, 1.0]], object), TypeError, "object"),
        (np.ones((2, 3)), ValueError, "same features"),
    ],
)
def test_refuses_and_stays_as_it_was(batch, error, says):
    moments = Moments()
    moments.update(np.array([[1.0, 2.0], [3.0, 6.0]]))
    with pytest.raises(error, match=says):
        moments.update(batch)
    assert moments.rows == 2
    assert moments.mean.tolist() == [2.0, 4.0]


def test_refuses_an_unknown_axis_and_an_unknown_treatment_of_nan():
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        Moments(axis=2).update(np.ones((2, 3)))
    with pytest.raises(ValueError, match='missing must be "error" or "ignore"'):
        Moments(missing="drop")


def test_infinite_values_are_refused_even_where_nan_is_ignored():
    with pytest.raises(ValueError, match="infinite"):
        Moments(missing="ignore").update(np.array([[np.inf, np.nan]]))
