"""Subtraction of a number known to more digits than its type holds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

Array = npt.NDArray[Any]


def at_least_float32(dtype: str) -> str:
    """The type to compute in: float16 can hold neither squares nor large means."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


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


def subtract(x: Any, high: Any, low: Any, dtype: str) -> Any:
    """``x - (high + low)`` in the precision of ``x``, rounded only then to ``dtype``.

    So that timestamps a second apart, which are the same float32, come out a second apart.

    Args:
        x: a tensor of any real type.
        high, low: as ``split`` makes them, in a shape that broadcasts; ``low`` may be ``None``.
        dtype: a float type, the result's.
    """
    own = keras.backend.standardize_dtype(x.dtype)
    if own in ("int32", "uint32", "int64", "uint64"):
        # JAX has no 64-bit integers unless told so; there this stays at 32.
        x = ops.cast(x, "int64") if keras.backend.backend() != "jax" else x
        whole = ops.trunc(high)
        x, high = x - ops.cast(whole, x.dtype), high - whole
    elif own == "float64":
        high = ops.cast(high, own) + (0 if low is None else ops.cast(low, own))
        return ops.cast(x - high, dtype)
    x = ops.cast(x, dtype) - ops.cast(high, dtype)
    return x if low is None else x - ops.cast(low, dtype)
