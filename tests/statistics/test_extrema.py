"""Extrema against NumPy, in any split and order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from normlayers.statistics import extrema as module
from normlayers.statistics.extrema import Extrema


@given(
    x=hnp.arrays(np.float64, (30, 2), elements=st.floats(-1e9, 1e9)),
    cut=st.integers(0, 30),
    backwards=st.booleans(),
)
@settings(deadline=None)
def test_any_split_and_order_give_the_minimum_and_maximum(x, cut, backwards):
    parts = [Extrema(), Extrema()]
    for extrema, batch in zip(parts, (x[:cut], x[cut:]), strict=True):
        extrema.update(batch)
    first, second = parts[::-1] if backwards else parts
    first.merge(second)
    np.testing.assert_array_equal(first.minimum, x.min(axis=0))
    np.testing.assert_array_equal(first.maximum, x.max(axis=0))
    assert first.rows == 30


@pytest.mark.parametrize("columns", [1, 3, 700, 3000])
def test_many_and_few_columns(columns):
    x = np.random.default_rng(0).normal(size=(501, columns)).astype("float32")
    extrema = Extrema()
    extrema.update(x)
    np.testing.assert_array_equal(extrema.minimum, x.min(axis=0))
    np.testing.assert_array_equal(extrema.maximum, x.max(axis=0))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8"])
@pytest.mark.parametrize("at", [0, 25_000, 50_000])
def test_blocks_that_are_compared_in_parts(dtype, at):
    x = (np.random.default_rng(0).normal(size=(50_001, 33)) * 20 + 100).astype(dtype)
    x[at] = [1, 200, *range(31)]
    extrema = Extrema()
    extrema.update(x)
    np.testing.assert_array_equal(extrema.minimum, x.min(axis=0))
    np.testing.assert_array_equal(extrema.maximum, x.max(axis=0))
    if dtype != "uint8":
        for invalid, says in ((np.nan, "NaN"), (-np.nan, "NaN"), (-np.inf, "infinite")):
            x[at, 7] = invalid
            with pytest.raises(ValueError, match=f"feature 7 has 1 {says} values.* row 50,001"):
                extrema.update(np.concatenate([x[at:], x[:at]]))


def test_weightless_values_are_left_out():
    extrema = Extrema()
    extrema.update(np.array([[1.0], [np.nan], [-9.0]]), weight=np.array([1.0, 0.0, 0.0]))
    assert (extrema.minimum.tolist(), extrema.maximum.tolist()) == ([1.0], [1.0])


def test_ignored_nan_is_left_out():
    extrema = Extrema(missing="ignore")
    extrema.update(np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, 5.0]]))
    assert extrema.minimum.tolist() == [1.0, 5.0]
    assert extrema.count.tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("batch", "says"),
    [([[np.nan, 1.0]], "NaN"), ([[1.0, np.inf]], "infinite"), ([[1.0]], "same features")],
)
def test_refuses_and_stays_as_it_was(batch, says):
    extrema = Extrema()
    extrema.update(np.array([[0.0, 1.0]]))
    with pytest.raises(ValueError, match=says):
        extrema.update(np.array(batch))
    assert (extrema.rows, extrema.maximum.tolist()) == (1, [0.0, 1.0])
    with pytest.raises(ValueError, match="same features"):
        extrema.merge(Extrema.from_state({**extrema.state(), "axis": [0]}))
    with pytest.raises(ValueError, match="missing must be"):
        Extrema(missing="drop")


def test_export_and_import():
    extrema = Extrema(axis=(1, 2), missing="ignore")
    extrema.update(np.arange(12.0).reshape(2, 3, 2))
    copy = Extrema.from_state(extrema.state())
    assert copy.maximum.tolist() == extrema.maximum.tolist()
    copy.update(np.zeros((1, 3, 2)))
    assert copy.rows == 3
    copy.merge(Extrema(axis=(1, 2)))
    assert copy.rows == 3


def test_missing_values_and_weights_in_parts(monkeypatch):
    monkeypatch.setattr(module, "BYTES_AT_ONCE", 8 * 3 * 7)
    random = np.random.default_rng(5)
    x = np.where(random.random((100, 3)) < 0.3, np.nan, random.normal(size=(100, 3)))
    weight = random.integers(0, 2, 100)
    found = Extrema(missing="ignore")
    found.update(x, weight)
    counted = x[weight > 0]
    np.testing.assert_array_equal(found.minimum, np.nanmin(counted, axis=0))
    np.testing.assert_array_equal(found.maximum, np.nanmax(counted, axis=0))
    np.testing.assert_array_equal(found.count, (~np.isnan(counted)).sum(axis=0))
