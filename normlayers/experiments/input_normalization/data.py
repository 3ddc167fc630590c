"""Article A0's data, and data whose features' scales really differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.classifier_ensemble import Split

Array = npt.NDArray[Any]

# By name, what the data are called in pictures.
DATA = {
    "article": "article's",
    "rescaled": "article's, six decades",
    "wine": "wine",
    "cancer": "breast cancer",
}
# Those whose features differ in scale; the article's hardly do.
OF_DIFFERENT_SCALES = ("rescaled", "wine", "cancer")
# Of the article's split; further ones count on from it.
FIRST_SPLIT = 42
SPLITS = 10
DECADES = 6
# Standard deviations by which rescaled features lie off 0, as A2's data do.
SHIFT = 10


@lru_cache
def points(name: str) -> tuple[Array, Array]:
    """A data set.

    - ``article``: A0's own, ``make_classification(n_samples=1000, n_features=20,
      random_state=42)``;
    - ``scaled``: the same, feature j times 10^(6 r/19 - 3), where r is 0 to 19 in a shuffled order:
      scales from 0.001 to 1,000;
    - ``rescaled``: the same, and each feature shifted by 10 of its standard deviations;
    - ``wine``, ``cancer``: scikit-learn's, 178 of 13 features in 3 classes and 569 of 30 in 2.

    Returns:
        ``x`` of shape (points, features), float32, and ``y``, classes from 0 on, shape (points,).

    Example:
        >>> x, y = points("rescaled")
        >>> x.shape, float(x.std(axis=0).max() / x.std(axis=0).min()) > 1e5
        ((1000, 20), True)
    """
    from sklearn.datasets import load_breast_cancer, load_wine, make_classification

    if name in ("wine", "cancer"):
        x, y = (load_wine if name == "wine" else load_breast_cancer)(return_X_y=True)
        return x.astype("float32"), y
    x, y = make_classification(n_samples=1000, n_features=20, random_state=42)
    if name != "article":
        place = np.random.default_rng(0).permutation(x.shape[1])
        scale = 10.0 ** (DECADES * place / (x.shape[1] - 1) - DECADES / 2)
        shift = SHIFT * x.std(axis=0) if name == "rescaled" else 0
        x = scale * (x + shift)
    return x.astype("float32"), y


def splits(name: str, standardized: bool = False) -> list[Split]:
    """The data split 80 to 20 ten times, the first as the article splits it.

    Args:
        name: see ``points``.
        standardized: whether a ``Standardize`` layer, adapted on the training part alone, comes
            between.
    """
    from sklearn.model_selection import train_test_split

    found = []
    for number in range(SPLITS):
        x, validation, y, labels = train_test_split(
            *points(name), test_size=0.2, random_state=FIRST_SPLIT + number
        )
        split = Split(x, y, validation, labels)
        if standardized:
            split = split.mapped(_standardizing(x))
        found.append(split)
    return found


def _standardizing(x: Array) -> Callable[[Array], Array]:
    from keras import ops

    from normlayers.layers.standardize import Standardize

    layer = Standardize()
    layer.adapt(x)
    return lambda part: ops.convert_to_numpy(layer(part))
