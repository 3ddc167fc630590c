"""Moments of one block of data: the numerics, apart from the bookkeeping.

A block is a matrix, one row per value and one column per feature. Its moments are sums over its
values: of their weights, of their deviations from a number near their mean, and of the squares.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from normlayers.statistics.compiling import FEW_VALUES, loops_for
from normlayers.statistics.half_floats import widened

Array = npt.NDArray[Any]

# Blocks with fewer rows, as those of few values, are computed the plain way.
FEW_ROWS = 1 << 9
# Values at a time that are computed in float64. Fewer would stay nearer to the core, but a call of
# NumPy that takes a few microseconds only has threads wait for the interpreter at its end.
FLOAT64_VALUES = 1 << 18
# Values that are given to compiled loops at a time, for the same reason.
COMPILED_VALUES = 1 << 22
# Columns at a time, at least: more rows side by side if need be. Compiled loops convert some rows
# of float16 first, which are to stay in the nearest cache.
COLUMNS_AT_ONCE, COMPILED_COLUMNS, COMPILED_HALF_COLUMNS = 1024, 4096, 128
# Rows that are summed one after the other, at most.
ROWS_IN_TURN = 64
# Of so many rows the mean is near 0 up to so many standard deviations from it.
SAMPLE_ROWS, NEAR = 64, 6.0
# Relative error of the sum of squared deviations, at most.
TOLERANCE = 2e-12
UNIT_ROUNDOFF = 2.0**-53

_ONES = np.ones(ROWS_IN_TURN)
_scratch = threading.local()


class BlockMoments(NamedTuple):
    """Float64 arrays, one entry a feature.

    The sum of the weights, and the weighted sums of deviations and of their squares. Deviations are
    from ``shift + near``, of which each may have all of float64's digits.
    """

    n: Array
    shift: Array
    near: Array
    total: Array
    squares: Array


def block_moments(
    block: Array, weight: Array | None, refuse_invalid: Callable[[], None]
) -> list[BlockMoments]:
    """Moments of a block, or of its parts.

    Args:
        block: real numbers, shape ``(values, features)``; NaN counts as missing.
        weight: weight of each value, not negative, in the same shape; ``None`` for 1 each.
        refuse_invalid: called where the block is not finite; raises, or lets NaN be missing.

    Returns:
        the moments. Where there are no weights, the sum of squared deviations from the mean that
        follows from them has a relative error of at most 2e-12, whatever the data, the processor
        and the order of its sums (see ``_in_one_pass``); of integers, and of floats on a grid such
        as pixels', all of it is exact as long as the sums fit float64's 53 bits.
    """
    many = block.size >= FEW_VALUES and len(block) >= FEW_ROWS
    if many and weight is None and block.dtype.itemsize * (block.dtype.kind in "iu") < 8:
        found = _in_one_pass(block)
        if found is not None:
            return [found]
    if block.dtype.kind == "f":
        with np.errstate(all="ignore"):
            # Not finite where a value is not; also where it merely overflows.
            if not np.isfinite(block.sum()):
                refuse_invalid()
    # In parts: float64 takes several times the memory.
    step = max(ROWS_IN_TURN, FLOAT64_VALUES // max(1, block.shape[1]))
    parts = [slice(start, start + step) for start in range(0, len(block), step)]
    return [_in_two_passes(block[p], None if weight is None else weight[p]) for p in parts]


def _in_one_pass(block: Array) -> BlockMoments | None:
    """Sums of a large block; ``None`` where they are not to be trusted.

    Proof of the bound. With a shift ``s``, the deviations ``d = x - s`` and their squares are
    rounded once in float64 (``u = 2**-53``). A sum of ``k`` numbers ``a_i`` is off by at most
    ``(k - 1) u sum |a_i|`` in whatever order it is taken (Higham 2002, "Accuracy and Stability of
    Numerical Algorithms", section 4.2), so a product with ones may use any kernel. Summed in
    stages, the lengths of the stages add up, to ``k`` here. Hence, to first order in ``u``,
    ``T = sum d`` is off by at most ``(k + 1) u sum |d|``, and ``S = sum d**2`` by ``(k + 3) u S``.
    Since ``(sum |d|)**2 <= n S``, ``T**2 / n`` is off by at most ``2 (k + 2) u S``, and
    ``M = S - T**2 / n`` by ``3 (k + 3) u S``. Both ``S`` and ``M`` are known afterwards: where
    ``3 (k + 3) u S > TOLERANCE M``, the shift was too far from the mean, and the next one is near
    the mean that was found. The mean is then off by at most
    ``(k + 2) u sqrt(S / n)``, far less than ``TOLERANCE`` standard deviations.
    """
    loops = loops_for(block)
    columns = COMPILED_HALF_COLUMNS if block.dtype == np.float16 else COMPILED_COLUMNS
    wide, rest = _side_by_side(block, COLUMNS_AT_ONCE if loops is None else columns)
    step = max(1, (FLOAT64_VALUES if loops is None else COMPILED_VALUES) // wide.shape[1])
    in_turn = min(step, ROWS_IN_TURN)
    stages = in_turn, -(-step // in_turn), -(-len(wide) // step), 1, wide.shape[1].bit_length()
    # S / M with which the bound holds.
    largest = TOLERANCE / (3 * (sum(stages) + 3) * UNIT_ROUNDOFF)
    count = np.full(block.shape[1], float(len(block)))
    with np.errstate(all="ignore"):
        sample = block[:: max(1, len(block) // SAMPLE_ROWS)].astype(np.float64)
        # Compiled loops take no longer for a shift that is not 0.
        shift = _value_amid(sample, NEAR if loops is None else 0.0)
        for _ in range(2):
            total, squares = _sums(wide, rest, step, shift, loops)
            if not np.isfinite(squares).all():
                return None
            offset = total / len(block)
            if (squares <= largest * (squares - total * offset)).all():
                return BlockMoments(count, shift, np.zeros(shift.shape), total, squares)
            shift = shift + _on_a_coarse_grid(offset, count)
    return None


def _value_amid(sample: Array, near: float) -> Array:
    """The value of each column that is nearest to the column's mean.

    Or 0, where all means are within so many standard deviations of it.
    Deviations from one of the data's values are exact for integers and other numbers on a grid; and
    of a constant feature they are 0.
    """
    mean = sample.mean(axis=0)
    if (np.abs(mean) <= near * sample.std(axis=0)).all():
        return np.zeros(len(mean))  # which takes less time to subtract
    nearest = np.abs(sample - mean).argmin(axis=0)
    return np.take_along_axis(sample, nearest[np.newaxis], axis=0)[0]


def _side_by_side(block: Array, at_once: int) -> tuple[Array, Array]:
    """The block with several rows side by side, and the rows left over.

    Few long rows are computed with several times as fast as many short ones.
    """
    rows, columns = block.shape
    side_by_side = -(-at_once // columns)
    whole = rows - rows % side_by_side
    return block[:whole].reshape(-1, side_by_side * columns), block[whole:]


def _sums(wide: Array, rest: Array, step: int, shift: Array, loops: ModuleType | None) -> Array:
    """The sums of the columns' deviations from the shift, and of their squares."""
    columns = len(shift)
    side_by_side = np.tile(shift, wide.shape[1] // columns)
    sums = np.zeros((2, wide.shape[1]))
    if loops is None:
        # Written out for every row: one row for all would take twice as long to subtract.
        shifts = np.tile(side_by_side, (step, 1)) if shift.any() else None
        for start in range(0, len(wide), step):
            sums += _deviation_sums(wide[start : start + step], shifts)
    else:
        for start in range(0, len(wide), step):
            sums += loops.deviation_sums(wide[start : start + step], side_by_side)
    left = (rest - shift).ravel()
    sums[:, : rest.size] += left, left**2
    return _folded(sums.reshape(2, -1, columns).transpose(1, 0, 2), most=1)[0]


def _deviation_sums(part: Array, shifts: Array | None) -> tuple[Array, Array]:
    deviation = _buffer(part.shape)
    part = _in_float64(part, deviation)
    if shifts is not None:
        part = np.subtract(part, shifts[: len(part)], out=deviation)
    total = _column_sums(part)
    return total, _column_sums(np.multiply(part, part, out=deviation))


def _in_float64(part: Array, buffer: Array) -> Array:
    """The same numbers; in the buffer, unless they are float64."""
    if part.dtype == np.float64:
        return part
    if part.dtype == np.float16:
        widened(part, buffer)
    else:
        np.copyto(buffer, part)
    return buffer


def _column_sums(matrix: Array) -> Array:
    """Sums over the rows, of ``ROWS_IN_TURN`` rows each and then of these."""
    # A product with ones is the fastest sum over rows that NumPy has.
    whole = len(matrix) - len(matrix) % ROWS_IN_TURN
    sums: Array = _ONES[: len(matrix) - whole] @ matrix[whole:]
    if whole:
        parts = matrix[:whole].reshape(-1, ROWS_IN_TURN, matrix.shape[1])
        sums += np.add.reduce(_ONES @ parts)
    return sums


def _folded(matrix: Array, most: int = ROWS_IN_TURN) -> Array:
    """A matrix of at most so many rows that has the same column sums, by adding halves."""
    while len(matrix) > most:
        half = -(-len(matrix) // 2)
        upper = matrix[:half].copy()
        upper[: len(matrix) - half] += matrix[half:]
        matrix = upper
    return matrix


def _buffer(shape: tuple[int, int]) -> Array:
    """float64 scratch memory of this thread: new pages for every block would take longer."""
    size = shape[0] * shape[1]
    memory = getattr(_scratch, "memory", None)
    if memory is None or memory.size < size:
        raw = np.empty(size + 8)
        # From a cache line's start on, which takes a seventh less time than across two lines.
        start = -(raw.ctypes.data // 8) % 8
        memory = _scratch.memory = raw[start : start + size]
    return memory[:size].reshape(shape)


def _in_two_passes(block: Array, weight: Array | None) -> BlockMoments:
    """Sums about a mean that was found before, with weights or missing values."""
    weights = _weights_of_present(block, weight)
    if weights is None:
        first, own = block[0], np.ones(block.shape[1])
        count = np.full(block.shape[1], float(len(block)))
    else:
        place = (weights > 0).argmax(axis=0)[np.newaxis]
        first, own = (np.take_along_axis(entry, place, axis=0)[0] for entry in (block, weights))
        count = _column_sums(_folded(weights))
        first, own = np.where(own > 0, first, first.dtype.type(0)), np.where(own > 0, own, 1.0)
    shift = first.astype(np.float64)
    deviation = _minus(block, shift)
    if weights is not None:
        deviation[weights == 0] = 0.0  # it may be NaN
    offset = _weighted_sums(deviation, weights) / np.where(count > 0, count, 1.0)
    near = _on_a_coarse_grid(offset, count / own)
    deviation -= near
    total = _weighted_sums(deviation, weights)
    np.multiply(deviation, deviation, out=deviation)
    return BlockMoments(count, shift, near, total, _weighted_sums(deviation, weights))


def _weights_of_present(block: Array, weight: Array | None) -> Array | None:
    """Float64 weights, 0 where a value is missing; ``None`` where all count alike."""
    missing = np.isnan(block) if block.dtype.kind == "f" else None
    if missing is None or not missing.any():
        return weight
    return np.where(missing, 0.0, 1.0 if weight is None else weight)


def _weighted_sums(values: Array, weights: Array | None) -> Array:
    return _column_sums(_folded(values if weights is None else values * weights))


def _on_a_coarse_grid(offset: Array, values: Array) -> Array:
    """The mean's distance from one of the data's values, to 1/16 standard deviation.

    In as few digits as that takes: so deviations from it are exact for numbers on a grid, such as
    integers. The distance is at most ``sqrt(values)`` standard deviations, where the value is one
    of so many: its own squared deviation is a part of their sum.
    """
    _, exponent = np.frexp(np.abs(offset) / (8 * np.sqrt(np.maximum(values, 1.0))))
    grid = np.ldexp(1.0, exponent - 1)
    return np.where(grid > 0, np.rint(offset / np.where(grid > 0, grid, 1.0)) * grid, offset)


def _minus(block: Array, shift: Array) -> Array:
    """``block - shift`` in float64; of 64-bit integers without rounding them first."""
    if block.dtype.kind not in "iu" or block.dtype.itemsize < 8:
        return block.astype(np.float64) - shift
    block = block.astype(block.dtype.newbyteorder("="), copy=False)
    # Modulo 2**64, which is exact as long as the difference itself fits.
    in_float = block.astype(np.float64) - shift
    if np.abs(in_float).max(initial=0) >= 2.0**62:
        return in_float
    whole = np.array([int(value) % 2**64 for value in shift], np.uint64)
    return (block.view(np.uint64) - whole).view(np.int64).astype(np.float64)
