"""The articles' ways to scale inputs.

- ``standardized``: ``(x - mean) / std`` (A1, A3);
- ``min_max``: ``(x - min) / (max - min)`` (A1);
- ``divided_by_std``: ``x / std``, with the standard deviation about the mean, which is not
  subtracted (A4);
- ``divided_by_16``: the digits' known bound, as A3's 1/255 is that of photographs.

All but the last are this package's layers, which do not divide a feature that is constant in the
data they are adapted to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
from keras import ops

from normlayers.experiments.data.data_set import DataSet
from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

# Names in results.json, and labels in figures and tables.
SCALINGS = {
    "raw": "raw",
    "standardized": "standardized",
    "min_max": "min-max",
    "divided_by_std": "x / std",
    "divided_by_16": "x / 16",
}
BOUND = 16
_LAYERS: dict[str, Callable[[], Any]] = {
    "standardized": Standardize,
    "min_max": MinMaxScale,
    "divided_by_std": lambda: Standardize(center=False),
}


def scalings_of(data: DataSet) -> tuple[str, ...]:
    """Those of ``SCALINGS`` that suit a data set: ``divided_by_16`` only if its bound is 16.

    Example:
        >>> from normlayers.experiments.data.wine import wine
        >>> scalings_of(wine())
        ('raw', 'standardized', 'min_max', 'divided_by_std')
    """
    return tuple(name for name in SCALINGS if name != "divided_by_16" or data.bound == BOUND)


def scaled(scaling: str, x: Array, *others: Array) -> list[Array]:
    """Scale points by their own statistics, and other points by those same statistics.

    Args:
        scaling: one of ``SCALINGS``.
        x: the points whose statistics are computed, shape ``(points, features)``.
        others: more points, such as a validation part, shape ``(..., features)``.

    Returns:
        ``x`` and the others, scaled.

    Example:
        >>> import numpy as np
        >>> x, more = scaled("min_max", np.array([[1.0], [3.0]]), np.array([[2.0], [5.0]]))
        >>> x.ravel().tolist(), more.ravel().tolist()
        ([0.0, 1.0], [0.5, 2.0])
    """
    if scaling == "raw":
        return [x, *others]
    if scaling == "divided_by_16":
        return [points / BOUND for points in (x, *others)]
    layer = _LAYERS[scaling]()
    layer.adapt(x)
    return [ops.convert_to_numpy(layer(points)) for points in (x, *others)]
