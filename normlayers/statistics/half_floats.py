"""float16 through its bits: NumPy converts and compares one number at a time.

Source: IEEE 754-2019, section 3.4: a sign, an exponent of 5 bits, 10 bits of the significand; so
the bits of numbers of one sign, as integers, are in the order of their sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# The bits of infinity and of its negative; those of NaN are above them.
INFINITY, NEGATIVE_INFINITY, SIGN = 0x7C00, 0xFC00, 0x8000
# float16's bits at their places in float32, where the exponent's bias is larger by 112.
SHIFT, BIAS = 13, np.float32(2.0**112)
KEPT = np.uint32(0x8FFFE000).view(np.int32)


def widened(half: Array, out: Array) -> None:
    """``out[...] = half``, exactly.

    Args:
        half: float16.
        out: float32 or float64, in the same shape.
    """
    bits = half.view(np.int16)
    if bits.max() >= INFINITY or bits.view(np.uint16).max() >= NEGATIVE_INFINITY:
        np.copyto(out, half)
        return
    wide = bits.astype(np.int32)  # the sign in 17 places, of which three are the exponent's
    np.left_shift(wide, SHIFT, out=wide)
    np.bitwise_and(wide, KEPT, out=wide)
    single = wide.view(np.float32)
    np.multiply(single, BIAS, out=single)
    np.copyto(out, single)


def column_extrema(half: Array) -> tuple[Array, Array]:
    """The minimum and maximum of each column; NaN, or infinite, where there is either.

    Example:
        >>> [extreme.tolist() for extreme in column_extrema(np.array([[-2.0, 1.0]], "float16"))]
        [[-2.0, 1.0], [-2.0, 1.0]]
    """
    bits = half.view(np.uint16)
    # The smallest of the negative numbers has the largest bits, and so has the largest of others.
    largest: Array = np.maximum.reduce(bits, axis=0)
    largest_unsigned: Array = np.maximum.reduce(bits.view(np.int16), axis=0)
    smallest: Array = np.minimum.reduce(bits, axis=0)
    lowest = np.where(largest >= SIGN, largest, smallest)
    highest = np.where(largest_unsigned >= 0, largest_unsigned.view(np.uint16), smallest)
    return lowest.view(np.float16), highest.view(np.float16)
