import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.diagnosis.evidence.features import feature_statistics


def test_normal_features_have_a_spread_of_1():
    x = np.random.default_rng(0).normal(3, 1, (2_000, 2))
    found = feature_statistics(x)
    np.testing.assert_allclose(found.spread, 1, atol=0.1)
    np.testing.assert_allclose(found.median, 3, atol=0.1)
    assert found.dense.all()
    assert found.far.max() < 6


def test_kinds_of_features():
    rows = np.arange(100.0)
    found = feature_statistics(
        np.column_stack([rows, rows % 2, (rows > 90) * rows, rows * 0 + 7, rows / 7])
    )
    assert found.constant.tolist() == [False, False, False, True, False]
    assert found.binary.tolist() == [False, True, False, False, False]
    assert found.sparse.tolist() == [False, False, True, False, False]
    assert found.whole.tolist() == [True, True, True, True, False]


def test_one_outlier_moves_neither_median_nor_spread():
    x = np.random.default_rng(0).normal(size=(500, 1))
    before = feature_statistics(x)
    x[0] = 1e9
    after = feature_statistics(x)
    assert abs(after.spread[0] - before.spread[0]) < 0.01
    assert after.far[0] > 1e8


def test_a_huge_feature_makes_no_other_one_constant():
    x = np.random.default_rng(0).normal(size=(500, 3))
    alone, beside = feature_statistics(x), feature_statistics(x * [1e300, 1.0, 1e-3])
    np.testing.assert_allclose(beside.deviation, alone.deviation * [1e300, 1.0, 1e-3])
    assert beside.constant.tolist() == [False, False, False]


def test_images_have_a_feature_for_each_channel():
    found = feature_statistics(np.zeros((4, 5, 5, 3), "uint8"))
    assert found.rows == 100
    assert found.constant.tolist() == [True] * 3


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20))
def test_any_numbers_have_statistics(values):
    x = np.array(values)
    found = feature_statistics(x)
    finite = x[np.isfinite(x)]
    assert found.not_finite[0] == len(x) - len(finite)
    if len(finite):
        assert (found.low[0], found.high[0]) == (finite.min(), finite.max())
