"""Article A0's data, and data whose features' scales really differ."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.data.cancer import cancer
from normlayers.experiments.data.wine import wine

if TYPE_CHECKING:  # what takes Keras is loaded late: the command line needs the data sets' names
    from normlayers.ensembles.classifier_ensemble import Split

Array = npt.NDArray[Any]

LOADED = {"wine": wine, "cancer": cancer}
# Labels in figures, by name.
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
    - ``wine``, ``cancer``: see ``data.wine`` and ``data.cancer``.

    Returns:
        ``x``, shape (points, features), float32, and ``y``, integer classes, shape (points,).

    Example:
        >>> x, y = points("rescaled")
        >>> x.shape, float(x.std(axis=0).max() / x.std(axis=0).min()) > 1e5
        ((1000, 20), True)
    """
    from sklearn.datasets import make_classification

    if name in LOADED:
        data = LOADED[name]()
        return data.x, data.y
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
        standardized: whether both parts are standardized with the training part's statistics.
    """
    from sklearn.model_selection import train_test_split

    from normlayers.ensembles.classifier_ensemble import Split
    from normlayers.experiments.data.scalings import scaled

    found = []
    for number in range(SPLITS):
        x, validation, y, labels = train_test_split(
            *points(name), test_size=0.2, random_state=FIRST_SPLIT + number
        )
        if standardized:
            x, validation = scaled("standardized", x, validation)
        found.append(Split(x, y, validation, labels))
    return found
