"""How results.json and pictures summarize what many networks have of a measure.

A quantile is always the inverse of the empirical distribution function: at level q the least value
that at least the share q of the values do not exceed (Hyndman and Fan 1996, definition 1; NumPy's
``inverted_cdf``). It is a value that occurs. Interpolated ones would not do: between a number and
infinity, which stands for a target that was never reached, there is none. A median is the quantile
at level 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PERCENT = (5, 25, 50, 75, 95)
QUANTILES = tuple(percent / 100 for percent in PERCENT)
MIDDLE = QUANTILES.index(0.5)


def quantiles(
    values: Array, levels: float | Sequence[float] = QUANTILES, axis: int | None = None
) -> Array:
    """Quantiles of values that may be infinite; NaN counts as infinite, as of a diverged network.

    Args:
        values: any shape, at least one along ``axis``.
        levels: from 0 to 1.
        axis: along which; ``None`` is over all values.

    Returns:
        shape of ``levels``, followed by that of ``values`` without ``axis``.

    Example:
        >>> quantiles(np.array([3.0, 1.0, np.nan, 2.0]), (0.5, 0.75, 0.76)).tolist()
        [2.0, 3.0, inf]
    """
    values = np.asarray(values)
    values = np.where(np.isnan(values), np.inf, values)
    return np.quantile(values, levels, axis=axis, method="inverted_cdf")


def quantiles_of_counts(counts: Array) -> Array:
    """``QUANTILES`` of shares of n points, from how often each share k/n occurs.

    Args:
        counts: how often k = 0, 1, ..., n occurs, on the last axis; at least one in all.

    Returns:
        the quantiles on the last axis.

    Example:
        >>> quantiles_of_counts(np.array([1, 2, 1])).tolist()
        [0.0, 0.0, 0.5, 0.5, 1.0]
    """
    up_to = counts.cumsum(axis=-1)
    total = up_to[..., -1:]
    # In integers: no level is missed by a rounding error.
    below = [(100 * up_to < percent * total).sum(axis=-1) for percent in PERCENT]
    return np.stack(below, axis=-1) / (counts.shape[-1] - 1)


def distribution(values: Array) -> dict[str, Any]:
    """``mean`` and ``quantiles`` of the values that are finite; both ``None`` where none is.

    Example:
        >>> distribution(np.array([1.0, 2.0, 3.0, np.inf]))["mean"]
        2.0
    """
    values = values[np.isfinite(values)].astype(float)
    if not len(values):
        return {"mean": None, "quantiles": None}
    return {"mean": float(values.mean()), "quantiles": quantiles(values).tolist()}


def finite_or_none(values: Array) -> list[float | None]:
    """Numbers for results.json, ``None`` in the place of NaN and infinity.

    Example:
        >>> finite_or_none(np.array([1.5, np.inf]))
        [1.5, None]
    """
    return [float(value) if np.isfinite(value) else None for value in values]


def quantiles_and_left_out(values: Array) -> tuple[Array, int]:
    """``QUANTILES`` of the values that are not NaN, and how many are NaN.

    Returns:
        the quantiles, shape ``(5,)``, NaN where no value is left; and the count.

    Example:
        >>> spread, left_out = quantiles_and_left_out(np.array([1.0, np.inf, np.nan]))
        >>> spread.tolist(), left_out
        ([1.0, 1.0, 1.0, inf, inf], 1)
    """
    values = np.asarray(values, float)
    known = values[~np.isnan(values)]
    spread = quantiles(known) if len(known) else np.full(len(QUANTILES), np.nan)
    return spread, len(values) - len(known)


def middle_half(values: Array) -> tuple[Array, Array]:
    """Median and quartiles at the places 1, 2 and so on, as a picture draws a line with its band.

    Args:
        values: one for each network and place, shape ``(networks, places)``; NaN counts as
            infinite.

    Returns:
        the places, and the median, lower and upper quartile at each, shape ``(3, places)``.

    Example:
        >>> places, line = middle_half(np.array([[1.0, 4.0], [2.0, 5.0], [3.0, np.nan]]))
        >>> places.tolist(), line[0].tolist()
        ([1, 2], [2.0, 5.0])
    """
    return np.arange(1, values.shape[1] + 1), quantiles(values, (0.5, 0.25, 0.75), axis=0)
