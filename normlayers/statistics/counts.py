"""Arguments that are whole numbers."""

from __future__ import annotations

import numbers
import reprlib
from typing import Any


def check_counts(*, least: int = 1, optional: bool = False, **given: Any) -> None:
    """Refuse arguments that are no whole numbers, or too small; ``True`` is none.

    Args:
        least: the smallest that may be, 0 or 1.
        optional: whether ``None`` may stand for one.
        **given: the arguments, by name.

    Raises:
        ValueError: naming the first of them that is wrong.

    Example:
        >>> check_counts(batch_size=32, steps=None, optional=True)
        >>> check_counts(batch_size=0)
        Traceback (most recent call last):
        ValueError: batch_size must be a positive integer. Received: batch_size=0
    """
    kind = "positive" if least else "non-negative"
    for name, value in given.items():
        is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if (value is None and optional) or (is_whole and value >= least):
            continue
        received = reprlib.repr(value)  # of an array a few values
        raise ValueError(f"{name} must be a {kind} integer. Received: {name}={received}")
