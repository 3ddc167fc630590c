"""Subtraction of a number known to more digits than its type holds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

Array = npt.NDArray[Any]
WIDE_INTEGERS = ("int32", "uint32", "int64", "uint64")


def at_least_float32(dtype: str) -> str:
    """The type to compute in: float16 can hold neither squares nor large means."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def has_64_bits() -> bool:
    """Whether the backend has 64-bit numbers: JAX has them only where it was configured so."""
    if keras.backend.backend() != "jax":
        return True
    import jax

    return bool(jax.config.read("jax_enable_x64"))


def split(number: Array, dtype: str) -> tuple[Array, Array]:
    """A float64 number as the sum of two of a shorter type, which together have twice the digits.

    Example:
        >>> high, low = split(np.array([1.7e9 + 1]), "float32")
        >>> float(high[0]), float(low[0])
        (1700000000.0, 1.0)
    """
    with np.errstate(over="ignore"):
        high = np.asarray(number).astype(dtype)
    rest = np.where(np.isfinite(high), number - high.astype(np.float64), 0.0)
    return high, rest.astype(dtype)


def subtract(x: Any, high: Any, low: Any, dtype: str, library: Any = ops) -> Any:
    """``x - (high + low)`` in the precision of ``x``, rounded only then to ``dtype``.

    So that timestamps a second apart, which are the same float32, come out a second apart.

    Args:
        x: a tensor of any real type.
        high, low: as ``split`` makes them, in a shape that broadcasts; ``low`` may be ``None``.
        dtype: a float type, the result's.
        library: ``keras.ops``, or ``tensorflow`` for its tensors on any backend.

    Returns:
        a tensor of ``dtype``, within a few units of its last digit; of integers too, over the
        whole range of their type.
    """
    own = keras.backend.standardize_dtype(x.dtype)
    if own == "float64":
        high = library.cast(high, own) + (0 if low is None else library.cast(low, own))
        return library.cast(x - high, dtype)
    if own in WIDE_INTEGERS:
        has_int64 = library is not ops or has_64_bits()
        low = library.zeros_like(high) if low is None else low
        return _integers_minus(x, high, low, dtype, 64 if has_int64 else 32, library)
    values = library.cast(x, dtype) - library.cast(high, dtype)
    return values if low is None else values - library.cast(low, dtype)


def _integers_minus(x: Any, high: Any, low: Any, dtype: str, bits: int, library: Any) -> Any:
    """``x - (high + low)`` of integers, signed or not, that fit ``bits``.

    Differences of integers are exact modulo ``2**bits``, whatever the sign bit of ``x`` means. The
    whole part of ``low`` is subtracted as an integer too: ``x - high`` alone can have more digits
    than ``dtype`` holds where ``x - (high + low)`` has few. Of differences too large for that, the
    rounding of the three numbers is a small part.
    """
    signed, modulus = f"int{bits}", 2.0**bits
    whole, whole_low = library.round(high), library.round(low)
    wrapped = library.where(whole >= modulus / 2, whole - modulus, whole)
    exact = library.cast(x, signed) - library.cast(wrapped, signed)
    exact = exact - library.cast(whole_low, signed)
    near = library.cast(exact, dtype) - library.cast(high - whole, dtype)
    near = near - library.cast(low - whole_low, dtype)
    far = library.cast(x, dtype) - library.cast(high, dtype)
    return library.where(library.abs(far) < modulus / 4, near, far - library.cast(low, dtype))


def uncut_integers(array: Array, name: str) -> Array:
    """Integers in a 32-bit type, for JAX, which would keep the low 32 bits of any.

    Args:
        array: inputs of any type; others than 64-bit integers are returned as they are.
        name: the layer's, for the message.

    Raises:
        ValueError: they do not fit 32 bits.
    """
    if array.dtype not in (np.int64, np.uint64) or not array.size:
        return array
    lowest, highest = int(array.min()), int(array.max())
    for dtype in (np.int32, np.uint32):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return array.astype(dtype)
    raise ValueError(
        f"layer {name!r}: JAX cuts integers to 32 bits, which these do not fit. Received: "
        f"integers from {lowest} to {highest}; set jax_enable_x64, or pass them as floats."
    )
