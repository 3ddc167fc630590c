"""What numbers look like: pixels, timestamps, identifiers, classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.features import FeatureStatistics

Array = npt.NDArray[Any]

# Classes that are numbered are that many, and each of so many rows.
CLASSES, ROWS_OF_A_CLASS = range(3, 101), 5
# Seconds since 1970 of the years 2001 to 2096.
TIMESTAMPS = (1e9, 4e9)
# Fewer columns may have one range by chance.
FEWEST_NAMES, MOST_BYTES = 4, 255


def divided_twice(found: FeatureStatistics) -> int | None:
    """By which whole number values that were whole seem to have been divided twice.

    Then the largest is 1/n, and all are multiples of 1/n².
    """
    largest = float(found.high.max())
    if not 0 < largest <= 0.1 or found.low.min() < 0:
        return None
    for number in (255, 256, 16, 15):
        values = np.concatenate([found.high, found.low, 2 * found.median]) * float(number) ** 2
        near = np.abs(values - np.round(values)) < 1e-3 * number / 16
        fits = math.isclose(largest * number, 1.0, rel_tol=0.02) or largest * number <= 1.0
        if fits and largest * number > 0.5 and near.all():
            return number
    return None


def guess(found: FeatureStatistics, features: Array) -> str:
    """What the first of some features may be, in a few words; empty where nothing is known."""
    index = int(features[0]) if len(features) else 0
    low, high = found.low[index], found.high[index]
    if TIMESTAMPS[0] <= abs(found.median[index]) <= TIMESTAMPS[1]:
        return "; these look like timestamps"
    if is_image(found):
        return "; these look like pixels from 0 to 255"
    if may_be_names(found):
        return "; these may be numbers of words or other names"
    reach = high - low
    steps = found.rows - 1
    if found.whole[index] and found.dense[index] and steps > 50 and 0.9 < reach / steps < 1.1:
        return f"; feature {index} looks like an identifier or a row number"
    return ""


def is_image(found: FeatureStatistics) -> bool:
    """Whether the values may be pixels from 0 to 255."""
    whole = bool(found.whole.all())
    return whole and found.low.min() >= 0 and 200 <= found.high.max() <= 255


def may_be_names(found: FeatureStatistics) -> bool:
    """Whether the values may be numbers of words or of things: whole, all of one long range.

    Bytes are pixels mostly, and a column of a table has a range of its own.
    """
    several = len(found.high) >= FEWEST_NAMES and bool(found.whole.all())
    long = 0 <= found.low.min() < found.high.max() / 10 and found.high.max() > MOST_BYTES
    return bool(several and long and found.high.min() > found.high.max() / 2)


def is_mask(found: FeatureStatistics) -> bool:
    """Whether an input of one value may be a mask of rows without padding, or of one segment."""
    return bool(np.all(found.low == found.high) and set(found.low) in ({0.0}, {1.0}))


def numbered_classes(y: Array) -> int:
    """How many classes targets may be, numbered from 0 or 1; 0 where they are none.

    Example:
        >>> numbered_classes(np.arange(30) % 3), numbered_classes(np.linspace(0, 2, 30))
        (3, 0)
    """
    if y.size != len(y):
        return 0
    values, counts = np.unique(y, return_counts=True)
    apart = values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))
    return len(values) if apart and len(values) in CLASSES and min(counts) >= ROWS_OF_A_CLASS else 0
