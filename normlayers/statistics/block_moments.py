"""Moments of one block of data: the numerics, apart from the bookkeeping.

A block is a matrix, one row per value and one column per feature. Its moments are about a shift
near the data: count ``n``, offset of the mean from the shift, sum of squared deviations ``M``.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Blocks with fewer values, or rows, are computed the plain way: the time does not matter.
FEW_VALUES = 1 << 16
FEW_ROWS = 1 << 9
# Values at a time that are computed in float64: as many as stay near the core.
FLOAT64_VALUES = 1 << 17
# Columns at a time, at least: more rows side by side if need be.
COLUMNS_AT_ONCE = 2048
# Relative error of the variance of float32 and float16 data, at most.
TOLERANCE = 1e-8

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
        the moments. Of large blocks of float32 and float16 data the sum of squares has a relative
        error of at most 1e-8, whatever the data and the processor (see ``_of_short_floats``); all
        others are computed in two passes of float64.
    """
    many = block.size >= FEW_VALUES and len(block) >= FEW_ROWS
    if many and weight is None and block.dtype in (np.float16, np.float32):
        found = _of_short_floats(block)
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


def _of_short_floats(block: Array) -> BlockMoments | None:
    """One pass of float64 sums, two where it must be; ``None`` where they are not to be trusted.

    Proof of the bound. With a shift ``s``, the deviations ``d = x - s`` and their squares are
    rounded once in float64 (``u = 2**-53``), and neither overflows nor underflows, since ``x`` is
    a short float. A sum of ``k`` numbers ``a_i`` is off by at most ``(k - 1) u sum |a_i|`` in
    whatever order it is taken (Higham 2002, "Accuracy and Stability of Numerical Algorithms",
    section 4.2), so a product with ones may use any kernel. Summed in stages, the lengths of the
    stages add up, to ``k`` here. Hence, to first order in ``u``, ``T = sum d`` is off by at most
    ``(k + 1) u sum |d|``, and ``S = sum d**2`` by ``(k + 3) u S``. Since ``(sum |d|)**2 <= n S``,
    ``T**2 / n`` is off by at most ``2 (k + 2) u S``, and with the last rounding
    ``M = S - T**2 / n`` by ``3 (k + 3) u S``. Both ``S`` and ``M`` are known afterwards: where
    ``3 (k + 3) u S > TOLERANCE M``, the shift was too far from the mean, and the mean found is the
    next one. The mean is then off by at most ``(k + 2) u sqrt(S / n)``, far less than
    ``TOLERANCE`` standard deviations.
    """
    wide, rest, step = _side_by_side(block)
    k = step + -(-len(wide) // step) + wide.shape[1] // block.shape[1] + len(rest)
    largest = TOLERANCE / (3 * (k + 3) * 2.0**-53)  # S / M with which the bound holds
    with np.errstate(all="ignore"):
        shift = _rough_shift(block, math.sqrt(largest) / 2)
        for _ in range(2):
            total, squares = _sums(wide, rest, step, shift.astype(np.float64))
            if not np.isfinite(squares).all():
                return None
            offset = total / len(block)
            sum_of_squares = np.maximum(squares - total * offset, 0)
            if (squares <= largest * sum_of_squares).all():
                count = np.full(block.shape[1], float(len(block)))
                return BlockMoments(count, shift.astype(np.float64), offset, sum_of_squares)
            shift = (shift + offset).astype(block.dtype)
    return None


def _side_by_side(block: Array) -> tuple[Array, Array, int]:
    """The block with several rows side by side, the rows left over, and how many to take at once.

    Few long rows are computed with several times as fast as many short ones.
    """
    rows, columns = block.shape
    side_by_side = max(1, COLUMNS_AT_ONCE // columns)
    whole = rows - rows % side_by_side
    wide = block[:whole].reshape(-1, side_by_side * columns)
    return wide, block[whole:], max(1, FLOAT64_VALUES // wide.shape[1])


def _rough_shift(block: Array, far: float) -> Array:
    """A few rows' mean, or 0 where that is not so many standard deviations away.

    In the data's own type: so the shift of a constant feature is that constant, and M is 0.
    """
    sample = block[:: max(1, len(block) // 16)].astype(np.float64)
    mean = sample.mean(axis=0)
    if (np.abs(mean) <= far * sample.std(axis=0)).all():
        return np.zeros(block.shape[1], block.dtype)
    return mean.astype(block.dtype)


def _sums(wide: Array, rest: Array, step: int, shift: Array) -> Array:
    """The sums of the columns' deviations from the shift, and of their squares."""
    columns = len(shift)
    # Written out for every row: one row for all would take twice as long to subtract.
    shifts = np.tile(shift, (step, wide.shape[1] // columns)) if shift.any() else None
    sums = np.zeros((2, wide.shape[1]))
    buffer = _buffer((step, wide.shape[1]))
    for start in range(0, len(wide), step):
        part = wide[start : start + step]
        sums += _sums_of_part(part, shifts, buffer[: len(part)])
    left = _sums_of_part(rest, np.tile(shift, (len(rest), 1)), np.empty(rest.shape))
    return sums.reshape(2, -1, columns).sum(axis=1) + left


def _sums_of_part(part: Array, shifts: Array | None, deviation: Array) -> Array:
    np.copyto(deviation, part)
    if shifts is not None:
        np.subtract(deviation, shifts[: len(part)], out=deviation)
    total = _column_sums(deviation)
    np.multiply(deviation, deviation, out=deviation)
    return np.stack([total, _column_sums(deviation)])


def _column_sums(matrix: Array) -> Array:
    # A product with ones is the fastest sum over rows that NumPy has.
    return np.ones(len(matrix)) @ matrix


def _buffer(shape: tuple[int, int]) -> Array:
    """float64 scratch memory of this thread: new pages for every block would take longer."""
    size = shape[0] * shape[1]
    buffer = getattr(_scratch, "buffer", None)
    if buffer is None or buffer.size < size:
        buffer = _scratch.buffer = np.empty(size)
    return buffer[:size].reshape(shape)


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
