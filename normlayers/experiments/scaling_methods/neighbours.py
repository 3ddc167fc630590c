"""How well nearest neighbours tell classes apart, under each way to scale the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.side_by_side import GoOn, side_by_side
from normlayers.experiments.data.data_set import DataSet
from normlayers.experiments.data.scalings import scaled, scalings_of

Array = npt.NDArray[Any]

NEIGHBOURS = 5
VALIDATION_SHARE = 0.2
# Splits that are scaled at once.
AT_ONCE = 25


def neighbour_accuracies(data: DataSet, splits: int, seed: int = 0) -> dict[str, Array]:
    """Accuracy of k-nearest neighbours on the fifth of the points that they have not seen.

    Every split takes another fifth at random, with the same shares of classes. The splits are of
    one data set, so their spread says nothing about other data sets.

    Args:
        data: what is split.
        splits: how many.
        seed: of the splits.

    Returns:
        by scaling, a value a split, in the same order.
    """
    found: dict[str, list[float]] = {scaling: [] for scaling in scalings_of(data)}
    parts = _parts(data, splits, seed)
    for first in range(0, splits, AT_ONCE):
        some = parts[first : first + AT_ONCE]
        for scaling in scalings_of(data):
            found[scaling] += _accuracies(data, some, scaling)
    return {scaling: np.array(values) for scaling, values in found.items()}


def _parts(data: DataSet, splits: int, seed: int) -> list[tuple[Array, Array]]:
    """Places of the training and of the validation points, a split a pair."""
    from sklearn.model_selection import StratifiedShuffleSplit

    splitter = StratifiedShuffleSplit(splits, test_size=VALIDATION_SHARE, random_state=seed)
    return list(splitter.split(data.x, data.y))


def _accuracies(data: DataSet, parts: list[tuple[Array, Array]], scaling: str) -> list[float]:
    # The splits side by side as features of their own: one layer scales them all.
    train, validation = (
        np.concatenate([data.x[part[which]] for part in parts], axis=1) for which in (0, 1)
    )
    scaled_train, scaled_validation = (
        np.split(each, len(parts), axis=1) for each in scaled(scaling, train, validation)
    )

    def accuracy(split: int, go_on: GoOn) -> float:
        from sklearn.neighbors import KNeighborsClassifier

        seen, unseen = (data.y[part] for part in parts[split])
        model = KNeighborsClassifier(NEIGHBOURS, algorithm="brute").fit(scaled_train[split], seen)
        return float(np.mean(model.predict(scaled_validation[split]) == unseen))

    return list(side_by_side(accuracy, range(len(parts)), prepare=_on_one_thread))


def _on_one_thread() -> None:
    """Keep scikit-learn from starting threads of its own in this one.

    Beside other programs they take ten times as long, as it makes them wait for each other.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, "openmp")
