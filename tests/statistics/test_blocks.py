"""Batches as blocks: checked, worked on side by side, merged in order."""

import numpy as np
import pytest

from normlayers.statistics import blocks
from normlayers.statistics.moments import Moments


def test_nan_in_large_blocks_of_float32():
    x = np.random.default_rng(3).normal(size=(50_000, 2)).astype("float32")
    x[40_000:40_007, 1] = np.nan
    with pytest.raises(ValueError, match=r"feature 1 has 7 NaN values .* the first in row 40,000"):
        Moments().update(x)
    moments = Moments(missing="ignore")
    moments.update(x)
    np.testing.assert_allclose(moments.variance, np.nanvar(x.astype(float), axis=0), rtol=1e-10)
    assert moments.count.tolist() == [50_000, 49_993]


def test_many_blocks_are_merged_in_order(monkeypatch):
    monkeypatch.setattr(blocks, "VALUES_PER_BLOCK", 50)
    monkeypatch.setattr(blocks, "MOST_VALUES", 50)
    monkeypatch.setattr(blocks, "FEWEST_ROWS", 1)
    monkeypatch.setattr(blocks, "THREADS", 3)
    x = np.random.default_rng(4).normal(size=(1003, 2))
    x[700, 1] = np.inf
    moments = Moments()
    with pytest.raises(
        ValueError, match="feature 1 has 1 infinite values in rows 700 to 724, the first in row 700"
    ):
        moments.update(x)
    assert moments.rows == 0
    x[700, 1] = 0
    moments.update(x)
    np.testing.assert_allclose(moments.variance, x.var(axis=0), rtol=1e-12)
