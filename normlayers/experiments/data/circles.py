"""Article A2's two circles of points."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# What the article adds to both coordinates, and how many points it takes to a batch.
SHIFT = 10.0
BATCH_SIZE = 4


def circles() -> tuple[Array, Array]:
    """The article's data: ``x`` of shape (166, 2), ``y`` of shape (166, 1), both float32."""
    # scikit-learn is loaded late: command lines need the constants above.
    from sklearn.datasets import make_blobs

    x, _ = make_blobs(n_samples=200, centers=[[0, 0]], cluster_std=1, random_state=1)
    radius_squared = (x**2).sum(axis=1)
    kept = (radius_squared < 1) | (radius_squared > 1.5)
    labels = radius_squared[kept] >= 1
    return x[kept].astype("float32"), labels.astype("float32")[:, np.newaxis]


@cache
def logistic_regression_accuracy() -> float:
    """Of scikit-learn's on the circles, wherever they are: it has an intercept."""
    from sklearn.linear_model import LogisticRegression

    x, y = circles()
    return float(LogisticRegression().fit(x, y.ravel()).score(x, y.ravel()))
