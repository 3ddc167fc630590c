"""What the tracker's arguments may be, and what it takes of what Keras hands it."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from normlayers.statistics.counts import check_counts


def check_arguments(
    every: Any,
    passes_per_epoch: Any,
    layers: Any,
    boundary: Any,
    unit: Any,
    pictures: Any,
    tolerance: Any,
    details: Any,
) -> None:
    """Refuse arguments of ``ActivationTracker`` that are out of range.

    Raises:
        ValueError: naming the first that is, what was received and what may be.
    """
    check_counts(every=every, passes_per_epoch=passes_per_epoch)
    if layers is not None and (isinstance(layers, str) or not isinstance(layers, Iterable)):
        raise ValueError(f"layers must be a list of names. Received: {layers!r}")
    whole = isinstance(details, numbers.Integral) and not isinstance(details, bool)
    is_list = isinstance(details, list | tuple) and all(isinstance(n, str) for n in details)
    if not (details is None or is_list or (whole and details >= 0)):
        raise ValueError(
            "details must be a non-negative integer or a list of layers' names. "
            f"Received: {details!r}"
        )
    if not _is_boundary(boundary):
        raise ValueError(
            'boundary must be "auto", "principal", True, False or three indices of points. '
            f"Received: boundary={boundary!r}"
        )
    if unit not in ("epoch", "step"):
        raise ValueError(f'unit must be "epoch" or "step". Received: unit={unit!r}')
    # As ``is`` asks for them where they are used: 1 would be "auto" in silence.
    if not isinstance(pictures, str | bool) or pictures not in ("auto", True, False):
        raise ValueError(f'pictures must be "auto", True or False. Received: {pictures!r}')
    if not isinstance(tolerance, numbers.Real) or not 0 <= float(tolerance) < 0.5:
        raise ValueError(f"tolerance must be in [0, 1/2). Received: tolerance={tolerance!r}")


def check_flag(name: str, value: Any) -> None:
    """Refuse what is no boolean.

    Raises:
        ValueError: naming it.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False. Received: {name}={value!r}")


def own_details(details: Any) -> int | list[str] | None:
    """``details`` in Python's own types: those that were checked may be NumPy's, or change."""
    if isinstance(details, list | tuple):
        return list(details)
    return None if details is None else int(details)


def real_numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """What callbacks and metrics have logged, but for what is no real number.

    Example:
        >>> real_numbers({"loss": np.float32(0.5), "phase": "warmup", "best": None})
        {'loss': 0.5}
    """
    found = {}
    for name, value in logs.items():
        with suppress(TypeError, ValueError, OverflowError):
            if not isinstance(value, str | bytes) and np.ndim(value) == 0:
                found[name] = float(value)
    return found


def _is_boundary(wanted: Any) -> bool:
    if isinstance(wanted, str | bool):
        return wanted in ("auto", "principal", True, False)
    three = list(wanted) if isinstance(wanted, list | tuple | np.ndarray) else []
    return len(three) == 3 and all(isinstance(i, numbers.Integral) for i in three)
