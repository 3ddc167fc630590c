"""Statistics of each feature of an array, plain and robust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.moments import Moments

Array = npt.NDArray[Any]

# Of no more rows are quantiles taken.
QUANTILE_ROWS = 2_000
# The distance between a normal distribution's quartiles, in standard deviations.
QUARTILES_APART = 1.349
# Images are of so many axes at least, sequences too: their features are the last axis.
_ROUNDING = 64 * float(np.finfo("float32").eps)


@dataclass(frozen=True)
class FeatureStatistics:
    """Statistics of features, each an array of shape ``(features,)``; of finite values only.

    Attributes:
        rows: how many values each is of.
        mean, deviation: mean and standard deviation.
        low, high: the smallest and the largest value.
        median: the median.
        spread: the distance of the quartiles as a standard deviation; where they coincide, the
            standard deviation within the 1st and 99th percentile, or of all.
        far: the largest distance from the median, in spreads; of a sparse feature, in medians of
            the distances that are not 0.
        constant: whether all values are equal, but for rounding.
        binary: whether there are two values only.
        sparse: whether more than half of the values are one value.
        whole: whether all values are integers.
        not_finite: how many values are NaN or infinite.
    """

    rows: int
    mean: Array
    deviation: Array
    low: Array
    high: Array
    median: Array
    spread: Array
    far: Array
    constant: Array
    binary: Array
    sparse: Array
    whole: Array
    not_finite: Array

    @property
    def dense(self) -> Array:
        """Features that take many values, and not one of them mostly."""
        return ~(self.constant | self.binary | self.sparse)

    @property
    def scale(self) -> Array:
        """The size of each feature's variation: the spread; of others the standard deviation."""
        return np.where(self.dense, self.spread, self.deviation)

    @property
    def reach(self) -> Array:
        """The same, of sparse and binary features from their range: rare values count in full."""
        return np.where(self.dense, self.spread, (self.high - self.low) / 4)


def feature_statistics(values: Array) -> FeatureStatistics:
    """Statistics of the features on the last axis of an array of numbers.

    Args:
        values: shape ``(rows, ..., features)``, or ``(rows,)`` for one feature.

    Example:
        >>> found = feature_statistics(np.array([[0.0, 7.0], [1.0, 7.0], [4.0, np.nan]]))
        >>> found.constant.tolist(), found.not_finite.tolist(), found.median.tolist()
        ([False, True], [0, 1], [1.0, 7.0])
    """
    values = np.asarray(values)
    flat = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
    if flat.dtype.kind != "f":
        flat = flat.astype("float64")
    finite = np.isfinite(flat)
    not_finite = len(flat) - finite.sum(0)
    if not_finite.any():
        flat = np.where(finite, flat, np.nan)
    few = flat[np.linspace(0, len(flat) - 1, min(len(flat), QUANTILE_ROWS)).astype(int)]
    mean, deviation = _moments(flat)
    low, high = _extrema(flat)
    median, spread, sparse = _quantiles(few, deviation)
    constant = ~(deviation > _ROUNDING * np.abs(mean)) | (low == high)
    constant &= not_finite < len(flat)
    far = np.maximum(high - median, median - low)
    with np.errstate(all="ignore"):
        usual = np.where(sparse, _usual_distance(few, median), spread)
        far = np.where(usual > 0, far / usual, 0.0)
    few_known = np.nan_to_num(few)
    return FeatureStatistics(
        rows=len(flat),
        mean=mean,
        deviation=deviation,
        low=low,
        high=high,
        median=median,
        spread=spread,
        far=far,
        constant=constant,
        binary=~constant & np.all((few == low) | (few == high) | np.isnan(few), axis=0),
        sparse=sparse & ~constant,
        whole=np.all(few_known == np.floor(few_known), axis=0),
        not_finite=not_finite,
    )


def _moments(flat: Array) -> tuple[Array, Array]:
    largest = np.fmax.reduce(np.abs(flat), axis=0, initial=0.0)
    # Of values whose squares cannot be held only the scale matters.
    shrink = 1 / np.where(largest > 1e100, largest, 1.0)
    moments = Moments(missing="ignore")
    moments.update(flat * shrink if np.any(shrink != 1) else flat)
    return moments.mean / shrink, np.sqrt(moments.variance) / shrink


def _extrema(flat: Array) -> tuple[Array, Array]:
    known = np.isfinite(flat).any(axis=0)
    low = np.where(known, np.fmin.reduce(flat, axis=0), 0.0)
    return low.astype(float), np.where(known, np.fmax.reduce(flat, axis=0), 0.0).astype(float)


def _quantiles(few: Array, deviation: Array) -> tuple[Array, Array, Array]:
    known = np.isfinite(few).any(axis=0)
    few = np.where(known, few, 0.0)
    quantile = np.nanquantile if np.isnan(few).any() else np.quantile
    first, lower, median, upper, last = quantile(few, [0.01, 0.25, 0.5, 0.75, 0.99], axis=0)
    spread = (upper - lower) / QUARTILES_APART
    with np.errstate(over="ignore"):
        inner = np.nanstd(np.clip(few, first, last), axis=0)
    spread = np.where(spread > 0, spread, np.where(inner > 0, inner, deviation))
    mode_share = np.nanmean(few == median, axis=0)
    return median, spread, (mode_share > 0.5) | (lower == upper)


def _usual_distance(few: Array, median: Array) -> Array:
    """Median distance from the median, of the values that are not there."""
    distance = np.abs(few - median)
    distance = np.where(distance > 0, distance, np.nan)
    known = np.isfinite(distance).any(axis=0)
    return np.where(known, np.nanmedian(np.where(known, distance, 1.0), axis=0), 0.0)
