"""Numbers of about 106 bits: the unevaluated sum of two float64 arrays.

Source: Dekker (1971), "A floating-point technique for extending the available precision"; Knuth,
"The Art of Computer Programming", vol. 2, section 4.2.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Splits a float64 into two halves of 26 bits each (Dekker).
_SPLITTER = 2.0**27 + 1


class Pair(NamedTuple):
    """The number ``high + low``, where ``high`` is that sum rounded to float64."""

    high: Array
    low: Array


def pair(number: Any) -> Pair:
    """A float64 array as a pair."""
    high = np.asarray(number, np.float64)
    return Pair(high, np.zeros(high.shape))


def added(a: Pair, b: Pair) -> Pair:
    """``a + b``, to about 2**-104."""
    high, low = two_sum(a.high, b.high)
    next_high, next_low = two_sum(a.low, b.low)
    high, low = _normalized(high, low + next_high)
    return _normalized(high, low + next_low)


def minus(a: Pair) -> Pair:
    """``-a``."""
    return Pair(-a.high, -a.low)


def squared(a: Pair) -> Pair:
    """``a * a``, to about 2**-102."""
    high, low = two_product(a.high, a.high)
    return _normalized(high, low + 2 * a.high * a.low)


def times(a: Pair, b: Array) -> Pair:
    """``a * b`` with one float64, to about 2**-104."""
    high, low = two_product(a.high, b)
    return _normalized(high, low + a.low * b)


def divided(a: Pair, b: Array) -> Pair:
    """``a / b`` by one float64, which is not 0, to about 2**-104.

    Example:
        >>> third = divided(pair(1.0), np.float64(3.0))
        >>> float(third.high), float(third.low)
        (0.3333333333333333, 1.850371707708594e-17)
    """
    first = a.high / b
    high, low = two_product(first, b)
    return _normalized(first, ((a.high - high) - low + a.low) / b)


def chosen(condition: Array, a: Pair, b: Pair) -> Pair:
    """``a`` where the condition holds, ``b`` elsewhere."""
    return Pair(np.where(condition, a.high, b.high), np.where(condition, a.low, b.low))


def two_sum(a: Array, b: Array) -> Pair:
    """``a + b`` without an error, unless it overflows."""
    high = a + b
    part = high - a
    return Pair(high, (a - (high - part)) + (b - part))


def two_product(a: Array, b: Array) -> Pair:
    """``a * b`` without an error, unless it overflows or underflows."""
    high = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low
    # The halves of very large numbers overflow before their product does.
    return Pair(high, np.where(np.isfinite(low), low, 0.0))


def _halves(a: Array) -> tuple[Array, Array]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def _normalized(high: Array, low: Array) -> Pair:
    """The pair of two numbers of which the first is the larger."""
    total = high + low
    return Pair(total, low - (total - high))
