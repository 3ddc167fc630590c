"""Whether what a model says of a row depends on the other rows of its batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Call, Graph, record

Array = npt.NDArray[Any]

# Rows of the two batches that are compared; the first half stays.
ROWS = 4
STAYING = ROWS // 2
# Of the size of the values: the same rows at the same places round alike, mostly.
ROUNDING, ROUNDING_OF_HALVES = 1e-4, 0.03


@dataclass(frozen=True)
class Mixed:
    """An output whose rows depend on one another.

    Attributes:
        output: its number.
        change: the furthest that a prediction moved when other rows of its batch were replaced.
        spread: how far predictions of different rows are apart at most, in the first batch.
        call: the first whose rows depend on one another; ``None`` where it is code between calls.
    """

    output: int
    change: float
    spread: float
    call: Call | None


def mixed_rows(model: keras.Model, take: Callable[[Array], Any], rows: Array) -> list[Mixed]:
    """The outputs of which a row changes with the others, in inference.

    Two batches of four rows are compared: in the second the last two are the first row again.

    Args:
        model: a built model.
        take: from indices of rows to inputs as tensors.
        rows: indices of rows that are finite.
    """
    if len(rows) < ROWS:
        return []
    first = rows[np.linspace(0, len(rows) - 1, ROWS).astype(int)]
    second = np.concatenate([first[:STAYING], np.repeat(first[:1], ROWS - STAYING)])
    # Torch's noise is another one in every run.
    one, again, other = (
        record(model, take(some), batch_statistics=False) for some in (first, first, second)
    )
    found = []
    outputs = zip(one.outputs, again.outputs, other.outputs, strict=True)
    for number, (before, repeated, after) in enumerate(outputs):
        if _stays(before, after) or not _stays(before, repeated):
            continue
        values = _numbers(before)
        spread = max(_furthest(row, values) for row in values)
        change = _furthest(_staying(before), _staying(after))
        found.append(Mixed(number, change, spread, _first_to_mix(one, other)))
    return found


def _first_to_mix(one: Graph, other: Graph) -> Call | None:
    """The first call that gave other values for rows of which it took the same."""
    for call, again in zip(one.calls, other.calls, strict=False):
        taken = zip(call.takes, again.takes, strict=False)
        given = zip(call.gives, again.gives, strict=False)
        if all(_stays(*pair) for pair in taken) and not all(_stays(*pair) for pair in given):
            return call
    return None


def _stays(before: Any, after: Any) -> bool:
    """Whether the rows that stay have the same values, but for rounding."""
    one, other = _staying(before), _staying(after)
    if one.shape != other.shape:
        return False
    size = _furthest(one, np.zeros_like(one))
    tolerance = ROUNDING_OF_HALVES if "16" in str(before.dtype) else ROUNDING
    return _furthest(one, other) <= tolerance * size


def _furthest(one: Array, other: Array) -> float:
    """How far two values are apart at most, of those that are finite."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    return float(np.max(apart, where=np.isfinite(apart), initial=0.0))


def _staying(tensor: Any) -> Array:
    """The rows that stay; of a tensor with several places a row, those of them."""
    values = _numbers(tensor)
    return values[: len(values) // ROWS * STAYING] if len(values) % ROWS == 0 else values


def _numbers(tensor: Any) -> Array:
    """None of what holds no numbers."""
    kind = str(tensor.dtype)  # JAX's random keys, too, have one
    if not tensor.shape or not any(name in kind for name in ("float", "int", "bool")):
        return np.zeros((0,))
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")), float)
