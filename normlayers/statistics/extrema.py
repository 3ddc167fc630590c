"""Minimum and maximum of data that come in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.blocks import (
    Batch,
    Missing,
    kept_axes,
    map_blocks,
    mergeable_shape,
    refuse_other_kind,
)
from normlayers.statistics.compiling import loops_for
from normlayers.statistics.half_floats import column_extrema
from normlayers.statistics.state import read_state

Array = npt.NDArray[Any]
FIELDS = ("count", "minimum", "maximum")
# Rows side by side are compared faster, up to so many bytes (compiled loops order some rows of
# float16 first, which are to stay in the nearest cache) ...
BYTES_SIDE_BY_SIDE, COMPILED_HALF_BYTES = 1 << 13, 1 << 7
# ... and what is compared twice is read from memory once, if it stays near the core meanwhile.
BYTES_AT_ONCE = 1 << 21
# Compiled loops compare both ways at once: as few calls as may be.
COMPILED_BYTES = 1 << 24


class Extrema:
    """Minimum and maximum for every position on the kept axes, over all other axes.

    Args:
        axis: the axis or axes to keep, counted in a batch (whose axis 0 is its rows);
            ``None`` keeps none.
        missing: ``"error"`` refuses NaN; ``"ignore"`` leaves NaN out, feature by feature.
            Infinite values are refused either way.

    Attributes:
        minimum, maximum: float64 arrays in the shape of the kept axes, those in rising order;
            infinite and -infinite where nothing was counted.
        count: number of values, likewise.
        rows: number of rows seen.

    Example:
        >>> extrema = Extrema()
        >>> extrema.update(np.array([[1.0, 5.0], [3.0, 4.0]]))
        >>> extrema.minimum.tolist(), extrema.maximum.tolist()
        ([1.0, 4.0], [3.0, 5.0])
    """

    def __init__(self, axis: int | Sequence[int] | None = -1, missing: Missing = "error") -> None:
        if missing not in ("error", "ignore"):
            raise ValueError(f'missing must be "error" or "ignore". Received: missing={missing!r}')
        self.axis = kept_axes(axis)
        self.missing = missing
        self.rows = 0
        self.count: Array = np.zeros(())
        self.minimum: Array = np.full((), np.inf)
        self.maximum: Array = np.full((), -np.inf)

    def update(self, batch: Any, weight: Any = None) -> None:
        """Count a batch in.

        Args:
            batch: real numbers or booleans, shape ``(rows, ...)``.
            weight: values of weight 0 are left out; the others count alike. Not negative, of the
                batch's shape or of its first axes'.

        Raises:
            TypeError, ValueError: as ``Moments.update``. The extrema stay as they were.
        """
        checked = Batch(batch, weight, self.axis, self.missing, self.rows)
        if self.rows:
            checked.refuse_other_features(self.count.shape)
        if not checked.values.size:
            return
        parts = map_blocks(checked, _block_extrema)
        if not self.rows:
            self._start(checked.kept_shape)
        for found in parts:
            self._combine(*(entry.reshape(checked.kept_shape) for entry in found))
        self.rows += checked.rows

    def merge(self, other: Extrema) -> None:
        """Count in all that another ``Extrema`` has counted.

        Raises:
            TypeError: the other is no ``Extrema``.
            ValueError: the other has other axes or features. The extrema stay as they were.
        """
        refuse_other_kind(self, other)
        if not other.rows:
            return
        shape = mergeable_shape(self, other)
        if not self.rows:
            self._start(shape)
        self._combine(other.count, other.minimum, other.maximum)
        self.rows += other.rows

    def state(self) -> dict[str, Any]:
        """All of it in plain numbers and arrays; ``from_state`` takes it back."""
        found = {name: np.array(getattr(self, name)) for name in FIELDS}
        return {"axis": self.axis, "missing": self.missing, "rows": self.rows, **found}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Extrema:
        """The extrema that ``state`` gave, also after a file such as ``np.savez`` writes.

        Raises:
            ValueError: the state is not one of ``Extrema``.
        """
        axis, missing, rows, found = read_state(cls.__name__, state, FIELDS)
        extrema = cls(axis, missing)
        extrema.rows = rows
        extrema.count, extrema.minimum, extrema.maximum = found
        return extrema

    def _start(self, shape: tuple[int, ...]) -> None:
        self.count = np.zeros(shape)
        self.minimum, self.maximum = np.full(shape, np.inf), np.full(shape, -np.inf)

    def _combine(self, count: Array, minimum: Array, maximum: Array) -> None:
        self.count = self.count + count
        self.minimum = np.minimum(self.minimum, minimum)
        self.maximum = np.maximum(self.maximum, maximum)


def _over_rows(block: Array) -> tuple[Array, Array]:
    """The minimum and maximum of each column, in float64; not finite where a value is not."""
    rows, columns = block.shape
    loops = loops_for(block)
    halves = loops is not None and block.dtype == np.float16
    width = (COMPILED_HALF_BYTES if halves else BYTES_SIDE_BY_SIDE) // block.itemsize
    side_by_side = max(1, min(rows, width // columns))
    whole = rows - rows % side_by_side
    wide = block[:whole].reshape(-1, side_by_side * columns)
    of_columns, at_once = (
        (_of_columns, BYTES_AT_ONCE) if loops is None else (loops.column_extrema, COMPILED_BYTES)
    )
    step = max(1, at_once // (wide.shape[1] * block.itemsize))
    parts = [of_columns(wide[start : start + step]) for start in range(0, len(wide), step)]
    found = []
    for extreme, of_parts in zip((np.minimum, np.maximum), zip(*parts, strict=True), strict=True):
        of_all = extreme.reduce(np.stack(of_parts)).reshape(side_by_side, columns)
        found.append(extreme.reduce(np.concatenate([of_all, block[whole:]])).astype(np.float64))
    return found[0], found[1]


def _of_columns(part: Array) -> tuple[Array, Array]:
    if part.dtype == np.float16:
        return column_extrema(part)
    return np.minimum.reduce(part, axis=0), np.maximum.reduce(part, axis=0)


def _block_extrema(
    block: Array, weight: Array | None, refuse_invalid: Callable[[], None]
) -> list[tuple[Array, Array, Array]]:
    if weight is None:
        lowest, highest = _over_rows(block)
        if np.isfinite(lowest).all() and np.isfinite(highest).all():
            return [(np.full(block.shape[1], float(len(block))), lowest, highest)]
    refuse_invalid()
    # In parts: float64 and what is present take several times the memory.
    step = max(1, BYTES_AT_ONCE // (8 * max(1, block.shape[1])))
    parts = [slice(start, start + step) for start in range(0, len(block), step)]
    return [_of_present(block[p], None if weight is None else weight[p]) for p in parts]


def _of_present(block: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """Count and extrema of the values that are not missing; infinite where there are none."""
    values = block.astype(float)
    present = ~np.isnan(values) & (True if weight is None else weight > 0)
    return (
        present.sum(axis=0).astype(float),
        np.where(present, values, np.inf).min(axis=0),
        np.where(present, values, -np.inf).max(axis=0),
    )
