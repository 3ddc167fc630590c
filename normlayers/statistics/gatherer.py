"""Small batches joined into large ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Small batches are joined until they have so many values.
VALUES_TOGETHER = 1 << 19


class Gatherer:
    """Joins small batches, with their weights, before they are passed on: fewer calls.

    They are copied, since a generator may fill one array again and again.

    Args:
        consume: takes a batch and its weights or ``None``; what it is given is written over later.
        together: whether batches may be joined.

    Example:
        >>> gatherer = Gatherer(lambda batch, weight: print(batch.shape))
        >>> for rows in (2, 3):
        ...     gatherer.add(np.zeros((rows, 4)), None)
        >>> gatherer.finish()
        (5, 4)
    """

    def __init__(
        self, consume: Callable[[Array, Array | None], None], together: bool = True
    ) -> None:
        self._consume = consume
        self._enough = VALUES_TOGETHER if together else 0
        self._kind: Any = None
        self._room: tuple[Array, Array | None]
        self._rows = 0

    def add(self, batch: Array, weight: Array | None) -> None:
        """Take a batch; pass it on when there is enough, or when it fits no earlier one."""
        # Weights that do not fit are refused where they are counted.
        unfit = weight is not None and weight.shape != batch.shape[: weight.ndim]
        if not 0 < batch.size < self._enough or not batch.ndim or unfit:
            self.finish()
            self._consume(batch, weight)
            return
        kind = _kind_of(batch), None if weight is None else _kind_of(weight)
        if kind != self._kind:
            self.finish()
            rows = _rows_together(batch)
            self._kind = kind
            self._room = _room(batch, rows), None if weight is None else _room(weight, rows)
        first, self._rows = self._rows, self._rows + len(batch)
        values, weights = self._room
        values[first : self._rows] = batch
        if weights is not None:
            weights[first : self._rows] = weight
        if self._rows >= len(values) // 2:
            self.finish()

    def finish(self) -> None:
        """Pass on what is held."""
        rows, self._rows = self._rows, 0
        if rows:
            values, weights = self._room
            self._consume(values[:rows], None if weights is None else weights[:rows])


def copied_together(stream: Iterable[Any]) -> Iterator[Any]:
    """A stream's elements, runs of small arrays of one kind joined, as ``Gatherer`` joins them.

    What is yielded is written over later.
    """
    shape: tuple[int, ...] = (-1,)  # of no array
    room, rows, enough = np.empty(0), 0, 0
    for batch in stream:
        # Most are as the one before: what follows of the shape is not asked again.
        if type(batch) is not np.ndarray or batch.shape != shape or batch.dtype != room.dtype:
            plain = type(batch) is np.ndarray and batch.ndim and 0 < batch.size < VALUES_TOGETHER
            fits = plain and enough and _kind_of(batch) == _kind_of(room)
            if rows and not fits:
                yield room[:rows]
                rows = 0
            if not plain:
                yield batch
                continue
            if not fits:
                enough = _rows_together(batch)
                room = _room(batch, enough)
            shape = batch.shape
        first, rows = rows, rows + shape[0]
        room[first:rows] = batch
        if rows >= enough:
            yield room[:rows]
            rows = 0
    if rows:
        yield room[:rows]


def joined(data: list[Any]) -> Iterator[Any]:
    """A list's elements, runs of small arrays of one kind joined: to look at each takes longer.

    What is yielded is written over later.
    """
    start, room = 0, None
    while start < len(data):
        first = data[start]
        kind = _kind_of(first)
        plain = type(first) is np.ndarray and first.ndim > 0 and first.dtype.kind in "biuf"
        part = data[start : start + (-(-VALUES_TOGETHER // max(1, first.size)) if plain else 1)]
        start += len(part)
        if len(part) == 1 or any(_kind_of(batch) != kind for batch in part):
            yield from part
            continue
        rows = sum(map(len, part))
        if room is None or _kind_of(room) != kind or len(room) < rows:
            room = np.empty((rows, *first.shape[1:]), first.dtype)  # new pages take as long
        yield np.concatenate(part, out=room[:rows])


def _rows_together(batch: Array) -> int:
    """Rows of a batch's kind that are enough."""
    return -(-VALUES_TOGETHER * len(batch) // batch.size)


def _room(batch: Array, rows: int) -> Array:
    """Room for so many rows of a batch's kind, and for a batch beyond them."""
    return np.empty((2 * rows, *batch.shape[1:]), batch.dtype)


def _kind_of(array: Any) -> Any:
    """What arrays must have in common to be joined: type and shape of a row."""
    if type(array) is not np.ndarray:
        return type(array)
    return array.dtype, array.shape[1:]
