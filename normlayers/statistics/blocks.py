"""A batch, checked, as blocks of values by features that are worked on side by side."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from normlayers.statistics.conversion import refuse_masked

Array = npt.NDArray[Any]
Missing = Literal["error", "ignore"]
Found = TypeVar("Found")

# Values to a block, if it has to be copied: 8 MiB of float32. Of others as many as make so many
# blocks a thread, up to a limit: what is done once a block has threads wait for the interpreter.
VALUES_PER_BLOCK = 1 << 21
BLOCKS_PER_THREAD, MOST_VALUES = 2, 1 << 26
# Rows to a block, at least: merging two blocks takes longer than reading a few rows.
FEWEST_ROWS = 1 << 5
THREADS = min(8, os.cpu_count() or 1)


class Batch:
    """A batch of data with its axes sorted out.

    Args:
        values: the data, shape ``(rows, ...)``.
        weight: their weights, of the data's shape or of its first axes', or ``None``.
        axis: the axes to keep.
        missing: ``"error"`` or ``"ignore"``, what to do about NaN.
        rows_before: rows seen before, for the messages.

    Raises:
        TypeError: the values or weights are no real numbers.
        ValueError: an axis is out of range; the weights do not fit or are negative or not finite.
    """

    def __init__(
        self, values: Any, weight: Any, axis: Sequence[int], missing: Missing, rows_before: int
    ) -> None:
        self.values = _numbers(values, "data")
        rank = self.values.ndim
        if not rank:
            raise ValueError(f"data must have rows. Received: the single value {values!r}")
        self.weight = None if weight is None else _fitting(_numbers(weight, "weights"), self.values)
        for entry in axis:
            if not -rank <= entry < rank:
                raise ValueError(f"axis {entry} is out of range for data with {rank} axes.")
        self._keep = sorted({entry % rank for entry in axis})
        if len(self._keep) < len(axis):
            raise ValueError(
                "axis must not name an axis twice. "
                f"Received: axis={tuple(axis)} of data with {rank} axes."
            )
        self.kept_shape = tuple(self.values.shape[entry] for entry in self._keep)
        self.missing = missing
        self.rows = len(self.values)
        self._rows_before = rows_before

    def refuse_other_features(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless the kept axes have this shape, that of earlier batches."""
        if self.kept_shape != shape:
            raise ValueError(
                f"every batch must have the same features. Received: a batch with "
                f"{self.kept_shape} on the kept axes after {self._rows_before:,} rows with {shape}."
            )

    def row_ranges(self) -> list[slice]:
        """The rows of each block."""
        if 0 in self._keep:
            return [slice(None)]
        values = VALUES_PER_BLOCK
        if self.weight is None and self.values.flags.c_contiguous and self._keep_last():
            share = -(-self.values.size // (BLOCKS_PER_THREAD * THREADS))
            values = max(values, min(share, MOST_VALUES))
        per_row = max(1, self.values.size // self.rows)
        step = max(FEWEST_ROWS, -(-values // per_row))
        return [slice(start, start + step) for start in range(0, self.rows, step)]

    def block(self, rows: slice) -> tuple[Array, Array | None]:
        """Some rows' values and weights, each of shape ``(values, features)``."""
        values = self._matrix(self.values[rows])
        if self.weight is None:
            return values, None
        return values, self._matrix(self.weight[rows]).astype(np.float64)

    def _keep_last(self) -> bool:
        """Whether the kept axes are the last, so that a block is a view."""
        rank = self.values.ndim
        return self._keep == list(range(rank - len(self._keep), rank))

    def _matrix(self, array: Array) -> Array:
        rest = [entry for entry in range(array.ndim) if entry not in self._keep]
        features = int(np.prod(self.kept_shape, dtype=int))
        return array.transpose(rest + self._keep).reshape(-1, features)

    def refuse_invalid(self, rows: slice) -> None:
        """Raise ValueError for infinite values, and NaN unless ignored, of a positive weight."""
        values, weight = self.block(rows)
        if values.dtype.kind != "f":
            return
        checks: list[tuple[str, Any, str]] = [("infinite", np.isinf, "drop or replace them")]
        if self.missing == "error":
            checks.insert(0, ("NaN", np.isnan, 'pass missing="ignore" or drop them'))
        for kind, is_invalid, advice in checks:
            invalid = is_invalid(values)
            if weight is not None:
                invalid &= weight > 0
            per_feature = invalid.sum(axis=0).reshape(self.kept_shape)
            if not per_feature.any():
                continue
            feature = np.unravel_index(np.argmax(per_feature > 0), per_feature.shape)
            place = ", ".join(str(int(index)) for index in feature)
            start = self._rows_before + (rows.start or 0)
            stop = self._rows_before + min(self.rows, rows.stop or self.rows)
            column = invalid.reshape(len(invalid), -1)[:, int(np.argmax(per_feature > 0))]
            first = start + int(column.argmax()) * (stop - start) // len(column)
            raise ValueError(
                f"{f'feature {place} has' if place else 'the data have'} "
                f"{int(per_feature[feature]):,} {kind} values in rows {start:,} to {stop - 1:,}, "
                f"the first in row {first:,}; {advice}."
            )


# Takes a block, its weights, and a function to call where the block does not look finite: it
# raises ValueError if the block holds values that are not to be counted. Its results are parts to
# be merged.
BlockFunction = Callable[[Array, Array | None, Callable[[], None]], list[Found]]


def map_blocks(batch: Batch, function: BlockFunction[Found]) -> list[Found]:
    """Apply a function to a batch's blocks, several at once; its results, in order.

    Args:
        batch: the batch.
        function: what to apply; NumPy lets other threads run meanwhile.

    Raises:
        ValueError: a block holds values that are not to be counted; see ``Batch``.
    """

    def apply(rows: slice) -> list[Found]:
        values, weight = batch.block(rows)
        return function(values, weight, lambda: batch.refuse_invalid(rows))

    def apply_to_all(ranges: list[slice]) -> list[Found]:
        return [found for rows in ranges for found in apply(rows)]

    ranges = batch.row_ranges()
    if len(ranges) == 1 or THREADS == 1:
        return apply_to_all(ranges)
    # Tasks of some blocks each: threads that hand each other many small ones wait for one another.
    share = -(-len(ranges) // (16 * THREADS))
    tasks = [ranges[start : start + share] for start in range(0, len(ranges), share)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [found for part in pool.map(apply_to_all, tasks) for found in part]


def refuse_other_kind(ours: Any, other: Any) -> None:
    """Refuse to merge what are no statistics of the kind.

    Raises:
        TypeError: naming both.
    """
    if not isinstance(other, type(ours)) and not isinstance(ours, type(other)):
        kind = type(ours).__name__
        raise TypeError(f"only {kind} can be merged into {kind}. Received: {type(other).__name__}")


def mergeable_shape(ours: Any, other: Any) -> tuple[int, ...]:
    """The shape of the features that two statistics share.

    Raises:
        ValueError: they do not share them.
    """
    shape: tuple[int, ...] = ours.count.shape if ours.rows else other.count.shape
    if (other.axis, other.count.shape) != (ours.axis, shape):
        raise ValueError(
            "only statistics of the same features can be merged. Received: axis "
            f"{other.axis} and features {other.count.shape} for axis {ours.axis} and features "
            f"{shape}."
        )
    return shape


def kept_axes(axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """``axis`` as Keras spells it (an integer, several, or ``None``) as a tuple."""
    if axis is None:
        return ()
    several = axis if isinstance(axis, Sequence) else (axis,)
    try:
        if any(isinstance(entry, bool) for entry in several):
            raise TypeError
        axes = tuple(operator.index(entry) for entry in several)
    except TypeError:
        raise TypeError(
            f"axis must be an integer, several, or None. Received: axis={axis!r}"
        ) from None
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis must not name an axis twice. Received: axis={axis}")
    return axes


def _numbers(data: Any, name: str) -> Array:
    refuse_masked(data)
    array = np.asarray(data)
    if array.dtype.kind not in "biuf" and not _is_short_float(array):
        raise TypeError(
            f"{name} must be real numbers. Received: {name} of type {array.dtype}; convert them to "
            "a float or integer array."
        )
    return array.astype(np.float32) if _is_short_float(array) else array


def _is_short_float(array: Array) -> bool:
    """bfloat16 and the like, which NumPy knows as types of their own."""
    return array.dtype.kind in "Vf" and array.dtype.name.startswith(("bfloat", "float8"))


def _fitting(weight: Array, values: Array) -> Array:
    """Weights in the shape of the values."""
    if weight.shape != values.shape[: weight.ndim]:
        raise ValueError(
            "weights must have the data's shape or that of its first axes. "
            f"Received: weights of shape {weight.shape}, data of shape {values.shape}."
        )
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError("weights must be finite and not negative. Received: some that are not.")
    expanded = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    return np.broadcast_to(expanded, values.shape)
