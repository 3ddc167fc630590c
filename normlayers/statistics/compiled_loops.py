"""Sums and extrema in one pass over memory, in loops that numba compiles.

NumPy makes four passes over a block for its moments, and two for its extrema. Imported only where
that pays, see ``compiling``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from normlayers.statistics.half_floats import BIAS, INFINITY, KEPT, SHIFT

Array = npt.NDArray[Any]
Loop = TypeVar("Loop", bound=Callable[..., Any])

# Rows whose sums stay in registers, and rows whose sums are added up apart from all others.
ROWS_AT_ONCE, ROWS_IN_TURN = 8, 64
# float16's bits without the sign; in 32 bits, as all that they are computed with.
_SIZE = np.int32(0x7FFF)
_INFINITY, _SHIFT = np.int32(INFINITY), np.int32(SHIFT)


def _compiled(loop: Loop) -> Loop:
    """The loop compiled at its first call, kept between runs where there is a folder for that."""
    compile_loop: Any = partial(numba.njit, nogil=True, error_model="numpy")
    try:
        return compile_loop(loop, cache=True)
    except RuntimeError:  # neither the package's folder nor the user's can be written to
        return compile_loop(loop)


def deviation_sums(part: Array, shift: Array) -> Array:
    """The sums of the columns' deviations from the shift, and of their squares.

    Args:
        part: float16, float32, float64 or integers of at most 32 bits; shape ``(rows, columns)``,
            its rows one after the other in memory.
        shift: float64, shape ``(columns,)``.

    Returns:
        float64, shape ``(2, columns)``; NaN where a value is not finite. A sum adds runs of at most
        ``ROWS_IN_TURN`` rows, and then these.
    """
    sums = np.zeros((2, part.shape[1]))
    if part.dtype == np.float16:
        _add_half_sums(_read_only(part.view(np.int16)), shift, sums)
    else:
        _add_sums(_read_only(part), shift, sums)
    return sums


def column_extrema(part: Array) -> tuple[Array, Array]:
    """The minimum and maximum of each column; NaN in both where a value is not finite.

    Args:
        part: as for ``deviation_sums``.
    """
    if part.dtype == np.float16:
        bits = _read_only(part.view(np.int16))
        lowest, highest = _ordered(bits[:1]).repeat(2, axis=0)
        _widen_half_extrema(bits, lowest, highest)
        lowest, highest = (_ordered(extreme).view(np.float16) for extreme in (lowest, highest))
        finite = np.isfinite(lowest) & np.isfinite(highest)
    else:
        lowest, highest = part[:1].repeat(2, axis=0)
        nothing = np.zeros(part.shape[1], part.dtype)
        _widen_extrema(_read_only(part), lowest, highest, nothing)
        finite = nothing == 0
    if not finite.all():
        lowest, highest = (np.where(finite, extreme, np.nan) for extreme in (lowest, highest))
    return lowest, highest


def _read_only(part: Array) -> Array:
    """A view that may not be written to: so a loop is compiled once for all arrays of a type."""
    view = part.view()
    view.flags.writeable = False
    return view


def _ordered(bits: Array) -> Array:
    """float16's bits as integers in the order of the numbers, and such integers as the bits."""
    return bits ^ ((bits >> 15) & np.int16(0x7FFF))


@_compiled
def _add_sums(part: Array, shift: Array, sums: Array) -> None:
    of_turn = np.zeros(sums.shape)
    for start in range(0, len(part), ROWS_IN_TURN):
        _add_turn(part[start : start + ROWS_IN_TURN], shift, of_turn)
        sums += of_turn
        of_turn[:] = 0.0


@_compiled
def _add_half_sums(bits: Array, shift: Array, sums: Array) -> None:
    of_turn = np.zeros(sums.shape)
    wide = np.zeros((ROWS_AT_ONCE, bits.shape[1]), np.float32)
    for start in range(0, len(bits), ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, len(bits))
        for row in range(start, stop):
            for column in range(bits.shape[1]):
                half = np.int32(bits[row, column])
                value = np.int32(half << _SHIFT & KEPT).view(np.float32) * BIAS
                finite = (half & _SIZE) < _INFINITY
                wide[row - start, column] = value if finite else np.float32(np.nan)
        _add_turn(wide[: stop - start], shift, of_turn)
        if stop % ROWS_IN_TURN == 0 or stop == len(bits):
            sums += of_turn
            of_turn[:] = 0.0


@_compiled
def _add_turn(part: Array, shift: Array, sums: Array) -> None:
    whole = len(part) - len(part) % ROWS_AT_ONCE
    for first in range(0, whole, ROWS_AT_ONCE):
        for column in range(len(shift)):
            total, squares = 0.0, 0.0
            for row in range(ROWS_AT_ONCE):
                deviation = part[first + row, column] - shift[column]
                total += deviation
                squares += deviation * deviation
            sums[0, column] += total
            sums[1, column] += squares
    for row in range(whole, len(part)):
        for column in range(len(shift)):
            deviation = part[row, column] - shift[column]
            sums[0, column] += deviation
            sums[1, column] += deviation * deviation


@_compiled
def _widen_extrema(part: Array, lowest: Array, highest: Array, nothing: Array) -> None:
    """``nothing`` stays 0 unless a value is not finite."""
    whole = len(part) - len(part) % ROWS_AT_ONCE
    for first in range(0, whole, ROWS_AT_ONCE):
        for column in range(len(lowest)):
            low, high, differences = lowest[column], highest[column], nothing[column]
            for row in range(ROWS_AT_ONCE):
                value = part[first + row, column]
                low, high = min(value, low), max(value, high)
                differences += value - value
            lowest[column], highest[column], nothing[column] = low, high, differences
    for row in range(whole, len(part)):
        for column in range(len(lowest)):
            value = part[row, column]
            lowest[column] = min(value, lowest[column])
            highest[column] = max(value, highest[column])
            nothing[column] += value - value


@_compiled
def _widen_half_extrema(bits: Array, lowest: Array, highest: Array) -> None:
    nothing = np.zeros(len(lowest), np.int16)
    ordered = np.zeros((ROWS_IN_TURN, bits.shape[1]), np.int16)
    for start in range(0, len(bits), ROWS_IN_TURN):
        stop = min(start + ROWS_IN_TURN, len(bits))
        for row in range(start, stop):
            for column in range(len(lowest)):
                half = bits[row, column]
                ordered[row - start, column] = half ^ ((half >> 15) & 0x7FFF)
        _widen_extrema(ordered[: stop - start], lowest, highest, nothing)
