"""Moments of one block of data: the numerics, apart from the bookkeeping.

A block is a matrix, one row a value and one column a feature. Its moments are told about a shift
near the data: count ``n``, offset of the mean from the shift, sum of squared deviations ``M``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Blocks with fewer values, or rows, are computed in float64 whatever their type: of few values
# the time does not matter, of few rows the rounding errors do not average out.
FEW_VALUES = 1 << 16
FEW_ROWS = 1 << 9
# Values at a time that are computed in float64.
FLOAT64_VALUES = 1 << 17
# float32 sums are carried on in float64 after so many rows ...
ROWS_IN_FLOAT32 = 32
# ... and are computed for at least so many columns at once: more rows side by side if need be.
COLUMNS_AT_ONCE = 2048
# float32 squares under this lose digits to underflow.
LEAST_SQUARE = 1e-25

_scratch = threading.local()


class BlockMoments(NamedTuple):
    """Float64 arrays, one entry a feature; see the module."""

    n: Array
    shift: Array
    offset: Array
    sum_of_squares: Array


def block_moments(
    block: Array, weight: Array | None, refuse_invalid: Callable[[], None]
) -> list[BlockMoments]:
    """Moments of a block, or of its parts.

    Args:
        block: real numbers, shape ``(values, features)``; NaN counts as missing.
        weight: weight of each value, not negative, in the same shape; ``None`` for 1 each.
        refuse_invalid: called where the block is not finite; raises, or lets NaN be missing.

    Returns:
        the moments; of float32 and float16 data with a relative error of about 1e-8, of all
        others as exact as float64 can be.
    """
    many = block.size >= FEW_VALUES and len(block) >= FEW_ROWS
    if many and weight is None and block.dtype in (np.float16, np.float32):
        found = _in_float32(block)
        if found is not None:
            return [found]
    if block.dtype.kind == "f":
        with np.errstate(all="ignore"):
            # Not finite where a value is not; also where it merely overflows.
            if not np.isfinite(block.sum()):
                refuse_invalid()
    # In parts: float64 takes several times the memory.
    step = max(1, FLOAT64_VALUES // max(1, block.shape[1]))
    parts = [slice(start, start + step) for start in range(0, len(block), step)]
    return [_in_float64(block[p], None if weight is None else weight[p]) for p in parts]


def _in_float32(block: Array) -> BlockMoments | None:
    """Two to three times as fast; ``None`` where the result is not to be trusted."""
    rows = len(block)
    with np.errstate(all="ignore"):
        # A few rows' mean: near enough to all of them that M loses no digits to the shift.
        shift = block[:: max(1, rows // 16)].mean(axis=0, dtype=np.float64).astype(np.float32)
        deviation = _deviation(block, shift)
        total = _column_sums(deviation)
        np.multiply(deviation, deviation, out=deviation)
        squares = _column_sums(deviation)
        constant = (squares == 0) & (total == 0)
        # Neither NaN, nor overflown, nor underflown.
        trusted = np.isfinite(squares) & ((squares > rows * LEAST_SQUARE) | constant)
    if not trusted.all():
        return None
    offset = total / rows
    sum_of_squares = np.maximum(squares - total * offset, 0)
    count = np.full(block.shape[1], float(rows))
    return BlockMoments(count, shift.astype(np.float64), offset, sum_of_squares)


def _deviation(block: Array, shift: Array) -> Array:
    """``block - shift`` in scratch memory."""
    rows, columns = block.shape
    deviation = _buffer(block.shape)
    side_by_side = max(1, COLUMNS_AT_ONCE // columns)
    whole = rows - rows % side_by_side
    wide = (-1, side_by_side * columns)
    np.subtract(
        block[:whole].reshape(wide),
        np.tile(shift, side_by_side),
        out=deviation[:whole].reshape(wide),
    )
    np.subtract(block[whole:], shift, out=deviation[whole:])
    return deviation


def _buffer(shape: tuple[int, ...]) -> Array:
    """float32 scratch memory of this thread: new pages for every block would take longer."""
    size = shape[0] * shape[1]
    buffer = getattr(_scratch, "buffer", None)
    if buffer is None or buffer.size < size:
        buffer = _scratch.buffer = np.empty(size, np.float32)
    return buffer[:size].reshape(shape)


def _column_sums(matrix: Array) -> Array:
    """Sums of a float32 matrix's columns: short ones in float32, those of the sums in float64."""
    rows, columns = matrix.shape
    side_by_side = max(1, COLUMNS_AT_ONCE // columns)
    chunk = side_by_side * ROWS_IN_FLOAT32
    whole = rows - rows % chunk
    stacked = matrix[:whole].reshape(-1, ROWS_IN_FLOAT32, side_by_side * columns)
    # A product with ones is the fastest sum over rows that NumPy has.
    partial = np.ones(ROWS_IN_FLOAT32, np.float32) @ stacked
    sums = partial.sum(axis=0, dtype=np.float64).reshape(-1, columns).sum(axis=0)
    return sums + matrix[whole:].sum(axis=0, dtype=np.float64)


def _in_float64(block: Array, weight: Array | None) -> BlockMoments:
    present = ~np.isnan(block) if block.dtype.kind == "f" else np.ones(block.shape, bool)
    if weight is not None:
        present &= weight > 0
    first = np.take_along_axis(block, present.argmax(axis=0)[np.newaxis], axis=0)[0]
    shift = np.where(present.any(axis=0), first.astype(np.float64), 0.0)
    deviation = np.where(present, _minus(block, shift), 0.0)
    weights = present.astype(np.float64) if weight is None else np.where(present, weight, 0.0)
    count = weights.sum(axis=0)
    offset = (weights * deviation).sum(axis=0) / np.where(count > 0, count, 1.0)
    sum_of_squares = (weights * (deviation - offset) ** 2).sum(axis=0)
    return BlockMoments(count, shift, offset, sum_of_squares)


def _minus(block: Array, shift: Array) -> Array:
    """``block - shift`` in float64; of 64-bit integers without rounding them first."""
    if block.dtype not in (np.int64, np.uint64):
        return block.astype(np.float64) - shift
    # Modulo 2**64, which is exact as long as the difference itself fits.
    in_float = block.astype(np.float64) - shift
    if np.abs(in_float).max(initial=0) >= 2.0**62:
        return in_float
    whole = np.array([int(value) % 2**64 for value in shift], np.uint64)
    return (block.view(np.uint64) - whole).view(np.int64).astype(np.float64)
