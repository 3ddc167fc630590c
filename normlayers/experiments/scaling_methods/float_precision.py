"""What float32 leaves of data that are far from 0, or scaled by a factor.

A float32 has 24 binary digits, wherever its binary point is: a factor loses none of them (rounded
again, at most the last), an offset takes those that tell the data apart. Values of standard
deviation 1 at an offset much larger are rounded to multiples of its ``spacing``, h: by an error
that is spread evenly over h, of root mean square ``h / sqrt(12)``, as long as h is not over 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

OFFSET_EXPONENTS = tuple(range(9))
FACTOR_EXPONENTS = tuple(range(-8, 9, 2))
POINTS = 10_000


@dataclass(frozen=True)
class RoundingErrors:
    """Root mean square errors of standardized values, in standard deviations.

    Attributes:
        offset: at each of ``10**OFFSET_EXPONENTS``, of data given in float32.
        offset_wide: the same of data given in float64, which the layer centres before it rounds.
        offset_derived: ``spacing / sqrt(12)``; infinite where the spacing is over 1.
        factor: at each of ``10**FACTOR_EXPONENTS``, of data given in float32.
    """

    offset: Array
    offset_wide: Array
    offset_derived: Array
    factor: Array


def rounding_errors(seed: int = 0) -> RoundingErrors:
    """Standardize normal values at offsets and by factors, in float32 against float64.

    Args:
        seed: of the values.
    """
    z = np.random.default_rng(seed).normal(size=(POINTS, 1))
    offsets = 10.0 ** np.array(OFFSET_EXPONENTS)
    factors = 10.0 ** np.array(FACTOR_EXPONENTS)
    return RoundingErrors(
        offset=np.array([_error(z + offset, "float32") for offset in offsets]),
        offset_wide=np.array([_error(z + offset, "float64") for offset in offsets]),
        offset_derived=derived_error(offsets),
        factor=np.array([_error(z * factor, "float32") for factor in factors]),
    )


def derived_error(offsets: Array) -> Array:
    """What rounding to float32 is expected to do to values of standard deviation 1.

    Args:
        offsets: how far the values are from 0.

    Example:
        >>> derived_error(np.array([1e7, 1e8])).round(4).tolist()
        [0.2887, inf]
    """
    spacing = np.spacing(np.asarray(offsets).astype("float32")).astype(float)
    return np.where(spacing <= 1, spacing / np.sqrt(12), np.inf)


def _error(x: Array, dtype: str) -> float:
    """Of values as they are given in a type, standardized by this package's layer."""
    layer = Standardize()
    given = x.astype(dtype)
    layer.adapt(given)
    found = ops.convert_to_numpy(layer(given)).astype(float)
    return float(np.sqrt(np.mean((found - (x - x.mean()) / x.std()) ** 2)))
