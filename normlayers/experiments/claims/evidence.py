"""A measure's value with its 95 % confidence interval, from the cases that it was measured in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CONFIDENCE = 0.95
RESAMPLES = 2000
# Above this many cases a mean is nearly normally distributed, and resampling takes long.
MANY = 20_000


@dataclass(frozen=True)
class Evidence:
    """A measure's value.

    Attributes:
        value: the estimate.
        low, high: its 95 % confidence interval.
        n: from how many networks, neurons or pairs it was computed.
        exact: whether chance plays no part, so that one case is enough.
    """

    value: float
    low: float
    high: float
    n: int
    exact: bool = False


def number(value: float) -> str:
    """A measure's value as printed in tables.

    Example:
        >>> [number(value) for value in (0.9304, 26414.2, 3.2e-7, 0)]
        ['0.930', '26,414', '3.2e-07', '0']
    """
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"


def exact(value: float) -> Evidence:
    """A measure in which chance plays no part.

    Example:
        >>> exact(7.0)
        Evidence(value=7.0, low=7.0, high=7.0, n=1, exact=True)
    """
    return Evidence(value, value, value, 1, exact=True)


def share(happened: Array) -> Evidence:
    """The share of cases in which something happened, with Clopper and Pearson's (1934) interval.

    Args:
        happened: booleans, one per case, any shape.

    Example:
        >>> found = share(np.ones(100, bool))
        >>> found.value, round(found.low, 3), found.high
        (1.0, 0.964, 1.0)
    """
    happened = np.asarray(happened, bool)
    return share_of_counts(int(happened.sum()), happened.size)


def share_of_counts(happened: int, cases: int) -> Evidence:
    """As ``share``, from counts; NaN where there is no case."""
    from scipy.stats import binomtest

    if not cases:
        return Evidence(float("nan"), float("nan"), float("nan"), 0)
    interval = binomtest(happened, cases).proportion_ci(CONFIDENCE, method="exact")
    return Evidence(happened / cases, float(interval.low), float(interval.high), cases)


def probability_of_improvement(better: Array, worse: Array) -> Evidence:
    """P(X > Y): how probably networks of one kind do better than of another.

    The measure is Agarwal et al.'s, "Deep Reinforcement Learning at the Edge of the Statistical
    Precipice" (2021), but for two details. Networks are compared in pairs that have initial weights
    and data in common, where they compare each with each; and a tie is no improvement, where they
    count it as half of one. The interval is that of ``share``.

    Args:
        better: what should be larger, one value per network.
        worse: what should be smaller, of the other network of each pair, the same shape. A pair
            with NaN is no improvement. Where less is better, swap the two.

    Example:
        >>> accuracy, without = np.array([0.9, 0.8, 0.7, 0.7]), np.array([0.5, 0.7, 0.7, 0.8])
        >>> probability_of_improvement(accuracy, without).value
        0.5
    """
    return share(np.asarray(better) > np.asarray(worse))


def mean(values: Array) -> Evidence:
    """A mean. Its interval is the percentile bootstrap's, over 20,000 cases Student's.

    Args:
        values: one per case; those that are NaN or infinite are left out.

    Example:
        >>> found = mean(np.repeat([0.0, 1.0], 500))
        >>> found.value, found.low < 0.5 < found.high, found.n
        (0.5, True, 1000)
    """
    from scipy.stats import ttest_1samp

    values = _finite(values)
    if len(values) > MANY:
        low, high = ttest_1samp(values, 0).confidence_interval(CONFIDENCE)
        return Evidence(float(values.mean()), float(low), float(high), len(values))
    return _bootstrapped((values,), np.mean)


def difference(values: Array, reference: Array) -> Evidence:
    """The difference of the means of two samples.

    Its interval is the percentile bootstrap's, over 20,000 cases Welch's.

    Args:
        values: one per case; those that are NaN or infinite are left out.
        reference: the sample whose mean is subtracted, the same way.

    Returns:
        ``n`` is the smaller sample's.
    """

    def of_means(one: Array, other: Array, axis: int) -> Array:
        return np.mean(one, axis=axis) - np.mean(other, axis=axis)

    from scipy.stats import ttest_ind

    one, other = _finite(values), _finite(reference)
    if min(len(one), len(other)) > MANY:
        low, high = ttest_ind(one, other, equal_var=False).confidence_interval(CONFIDENCE)
        value = float(one.mean() - other.mean())
        return Evidence(value, float(low), float(high), min(len(one), len(other)))
    return _bootstrapped((one, other), of_means)


def _bootstrapped(samples: tuple[Array, ...], statistic: Callable[..., Array]) -> Evidence:
    from scipy.stats import bootstrap

    n = min(map(len, samples))
    if n < 2:
        return Evidence(float("nan"), float("nan"), float("nan"), n)
    interval = bootstrap(
        samples, statistic, n_resamples=RESAMPLES, batch=100, confidence_level=CONFIDENCE,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    value = float(statistic(*samples, axis=-1))
    return Evidence(value, float(interval.low), float(interval.high), n)


def _finite(values: Array) -> Array:
    values = np.asarray(values, float).ravel()
    return values[np.isfinite(values)]
