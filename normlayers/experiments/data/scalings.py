"""The articles' ways to scale inputs, and the real data they are tried on.

- ``standardized``: ``(x - mean) / std`` (A1, A3);
- ``min_max``: ``(x - min) / (max - min)`` (A1);
- ``divided_by_std``: ``x / std``, std being about the mean, which is not taken away (A4);
- ``divided_by_16``: the digits' known bound, as A3's 1/255 is that of photographs.

The layers of this package do it. A feature that is constant in what they learn from is not divided.

The data come with scikit-learn: *digits*, 1,797 pictures of 8 x 8 pixels from 0 to 16, in ten
classes (Alpaydin and Kaynak 1998), which have one scale already; *wine*, 178 wines of three
cultivars with 13 features whose standard deviations are 0.12 to 314 (Aeberhard and Forina 1991).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from keras import ops

from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

# As results.json and as figures and tables name them.
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


@dataclass(frozen=True)
class DataSet:
    """Points and their classes.

    Attributes:
        x: shape ``(points, features)``, float32.
        y: classes from 0 on, shape ``(points,)``.
        features: their names.
        scalings: those of ``SCALINGS`` that suit it.
    """

    x: Array
    y: Array
    features: Sequence[str]
    scalings: Sequence[str]


def digits() -> DataSet:
    """The handwritten digits.

    Example:
        >>> data = digits()
        >>> data.x.shape, float(data.x.max())
        ((1797, 64), 16.0)
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    names = [f"pixel ({row}, {column})" for row in range(8) for column in range(8)]
    return DataSet(x.astype("float32"), y, names, tuple(SCALINGS))


def wine() -> DataSet:
    """The wines; there is no bound known to divide by."""
    from sklearn.datasets import load_wine

    found = load_wine()
    names = [name.replace("_", " ") for name in found.feature_names]
    scalings = tuple(name for name in SCALINGS if name != "divided_by_16")
    return DataSet(found.data.astype("float32"), found.target, names, scalings)


DATA_SETS: dict[str, Callable[[], DataSet]] = {"digits": digits, "wine": wine}


def scaled(scaling: str, x: Array, *others: Array) -> list[Array]:
    """Scale points, and others by the same points' statistics.

    Args:
        scaling: one of ``SCALINGS``.
        x: what statistics are learned from, shape ``(points, features)``.
        others: points that are scaled the same way, as a validation part is.

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
