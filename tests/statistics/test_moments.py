"""Moments against exact rational arithmetic, and what they refuse."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from normlayers.statistics.extrema import Extrema
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
            r"feature 1 has 2 NaN .* rows 2 to 3, the first in row 2",
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


FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64]


def sample(dtype, ratio, rows=3000):
    """Data of a type with about this mean in units of the std, where the type can hold it."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        std = 1.0 if ratio < 1e4 or kind.itemsize > 2 else 4.0
        digits = {2: 1e2, 4: 1e6, 8: 1e8}[kind.itemsize]
        mean = min(ratio, digits) * std
    else:
        std = 20.0 if kind.itemsize < 4 else 1000.0
        mean = min(ratio * std, np.iinfo(kind).max - 8 * std)
    x = np.random.default_rng(5).normal(loc=mean, scale=std, size=(rows, 2))
    return np.clip(np.rint(x), 0, None).astype(kind) if kind.kind != "f" else x.astype(kind)


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
@pytest.mark.parametrize("ratio", [0.0, 1e2, 1e5, 1e8])
@pytest.mark.parametrize("batch", [1, 32, 3000])
def test_every_type_at_every_ratio_in_every_batch_size(dtype, ratio, batch):
    x = sample(dtype, ratio, rows=300 if batch == 1 else 3000)
    moments = Moments()
    for row in range(0, len(x), batch):
        moments.update(x[row : row + batch])
    for feature in range(2):
        values = [Fraction(int(v)) if x.dtype.kind != "f" else Fraction(float(v))
                  for v in x[:, feature]]  # fmt: skip
        mean = sum(values) / len(values)
        variance = float(sum((value - mean) ** 2 for value in values) / len(values))
        assert moments.variance[feature] == pytest.approx(variance, rel=1e-12)
        error = abs(float(Fraction(moments.mean[feature]) - mean))
        # The mean itself is a float64, which at a ratio of 1e8 is told to 1e-8 stds.
        assert error <= 1e-12 * variance**0.5 + np.spacing(float(mean))


@given(
    x=hnp.arrays(np.float64, (12, 2), elements=st.floats(-100, 100)),
    weight=hnp.arrays(np.int64, 12, elements=st.integers(0, 4)),
    cuts=st.lists(st.integers(0, 12), min_size=2, max_size=2),
)
@settings(deadline=None)
def test_weights_count_as_repetitions_in_any_merge(x, weight, cuts):
    parts = []
    for batch, part in zip(batches_of(x, cuts), batches_of(weight, cuts), strict=True):
        parts.append(Moments())
        parts[-1].update(batch, weight=part)
    total = Moments()
    for part in reversed(parts):
        total.merge(part)
    repeated = np.repeat(x, weight, axis=0)
    assert total.count.tolist() == [weight.sum()] * 2
    if len(repeated):
        np.testing.assert_allclose(total.mean, repeated.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(total.variance, repeated.var(axis=0), atol=1e-11)


def test_weights_of_first_axes_and_of_single_values():
    x = np.random.default_rng(6).normal(size=(5, 3, 2))
    mask = np.random.default_rng(7).random((5, 3)) < 0.6
    x[~mask] = np.nan
    moments = Moments()
    moments.update(x, weight=mask)
    np.testing.assert_allclose(moments.mean, x[mask].mean(axis=0), rtol=1e-12)
    per_value = Moments()
    per_value.update(np.nan_to_num(x), weight=np.broadcast_to(mask[..., None], x.shape))
    np.testing.assert_allclose(per_value.variance, x[mask].var(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("weight", "error", "says"),
    [
        (np.ones(2), ValueError, r"weights of shape \(2,\), data of shape \(3, 1\)"),
        (np.array([1.0, -1.0, 1.0]), ValueError, "not negative"),
        (np.array([1.0, np.nan, 1.0]), ValueError, "finite"),
        (np.array(["a", "b", "c"]), TypeError, "weights must be real numbers"),
    ],
)
def test_refuses_weights(weight, error, says):
    moments = Moments()
    with pytest.raises(error, match=says):
        moments.update(np.ones((3, 1)), weight=weight)
    assert moments.rows == 0


@pytest.mark.parametrize(
    "other", [Extrema(), None, 1.0, np.ones((3, 2))], ids=lambda other: type(other).__name__
)
def test_refuses_to_merge_what_is_of_another_kind(other):
    moments = Moments()
    with pytest.raises(TypeError, match=r"only Moments can be merged into Moments\. Received: "):
        moments.merge(other)
    with pytest.raises(TypeError, match=r"only Extrema can be merged into Extrema\. Received: M"):
        Extrema().merge(moments)


def test_refuses_to_merge_other_features():
    one, other = Moments(), Moments()
    one.update(np.ones((2, 3)))
    other.update(np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"same features.*\(2,\).*\(3,\)"):
        one.merge(other)
    with pytest.raises(ValueError, match="twice"):
        Moments(axis=(1, 1))
    with pytest.raises(ValueError, match=r"twice.*axis=\(1, -1\) of data with 2 axes"):
        Moments(axis=(1, -1)).update(np.ones((2, 3)))
    with pytest.raises(ValueError, match="single value"):
        Moments().update(np.float64(3))


def test_what_is_read_of_moments_is_not_theirs():
    moments, merged = Moments(), Moments()
    moments.update(np.arange(12.0).reshape(4, 3))
    merged.merge(moments)
    for name in ("count", "mean", "sum_of_squares", "variance"):
        before = getattr(moments, name).tolist()
        found = getattr(moments, name)
        found *= 5
        assert getattr(moments, name).tolist() == getattr(merged, name).tolist() == before


@pytest.mark.parametrize("kind", [Moments, Extrema])
def test_a_masked_array_is_refused(kind):
    with pytest.raises(TypeError, match="mask would be lost"):
        kind().update(np.ma.array([[1.0], [99.0]], mask=[[0], [1]]))
