"""Any data source as a stream of NumPy arrays.

Sources are known by what they can do, so none of their libraries is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

# Rows of an array are read in pieces of about this many values: 2 MiB in float64.
VALUES_PER_PIECE = 1 << 18


def batches(
    data: Any, batch_size: int | None = None, steps: int | None = None
) -> Iterator[npt.NDArray[Any]]:
    """Yield ``data`` as arrays of shape ``(rows, ...)``.

    Args:
        data: an array or tensor, read in pieces of rows; or an iterable of batches (a
            ``tf.data.Dataset``, a list of arrays, a generator), each an array, a tensor or a
            tuple whose first entry is one. A dataset whose elements are single rows is batched.
        batch_size: rows to a piece of an array; ``None`` chooses.
        steps: stop after so many batches; ``None`` reads all.

    Raises:
        TypeError: ``data`` are neither.
        ValueError: ``batch_size`` or ``steps`` is not positive.

    Example:
        >>> [piece.shape for piece in batches(np.zeros((5, 2)), batch_size=2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    for name, value in (("batch_size", batch_size), ("steps", steps)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
    return islice(_all_batches(data, batch_size), steps)


def _all_batches(data: Any, batch_size: int | None) -> Iterator[npt.NDArray[Any]]:
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return _pieces(to_array(data), batch_size)
    if isinstance(data, str | bytes | dict) or not hasattr(data, "__iter__"):
        raise TypeError(
            "data must be an array, a tensor or an iterable of batches. "
            f"Received: {type(data).__name__}"
        )
    if _yields_single_rows(data):
        data = data.batch(batch_size or 128)
    return (_batch(element) for element in data)


def _pieces(array: npt.NDArray[Any], batch_size: int | None) -> Iterator[npt.NDArray[Any]]:
    if array.ndim == 0:
        raise ValueError(f"data must have rows. Received: the single value {array[()]}")
    values_per_row = max(1, array[:1].size)
    rows = batch_size or max(1, VALUES_PER_PIECE // values_per_row)
    return (array[start : start + rows] for start in range(0, len(array), rows))


def _yields_single_rows(data: Any) -> bool:
    specification = getattr(data, "element_spec", None)
    if isinstance(specification, tuple):
        specification = specification[0]
    shape = getattr(specification, "shape", None)
    return shape is not None and shape.rank == 1 and hasattr(data, "batch")


def _batch(element: Any) -> npt.NDArray[Any]:
    array = to_array(element[0] if isinstance(element, tuple) else element)
    if array.ndim == 0:
        raise TypeError(
            "an iterable must yield batches of rows. "
            f"Received: the single value {array[()]!r}; pass a NumPy array instead."
        )
    return array


def to_array(data: Any) -> npt.NDArray[Any]:
    """A NumPy array of any backend's tensor, without a copy where there need be none."""
    if hasattr(data, "detach"):  # torch: off the graph, off the device
        data = data.detach().cpu()
    return np.asarray(data)
