"""Nearest neighbours under each scaling against a pipeline of scikit-learn's."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.scalings import scalings_of
from normlayers.experiments.data.wine import wine
from normlayers.experiments.scaling_methods import neighbours as scaled_neighbours
from normlayers.experiments.scaling_methods.neighbours import neighbour_accuracies


@pytest.mark.parametrize(("load", "points"), [(digits, 360), (wine, 36)])
def test_accuracies_are_those_of_a_pipeline(load, points, monkeypatch):
    monkeypatch.setattr(scaled_neighbours, "AT_ONCE", 2)
    data = load()
    found = neighbour_accuracies(data, splits=3, seed=4)
    assert set(found) == set(scalings_of(data))
    splits = StratifiedShuffleSplit(3, test_size=0.2, random_state=4)
    scalers = {"raw": None, "standardized": StandardScaler(), "min_max": MinMaxScaler()}
    for number, (train, rest) in enumerate(splits.split(data.x, data.y)):
        assert len(rest) == points
        for scaling, scaler in scalers.items():
            model = make_pipeline(scaler, KNeighborsClassifier(5)) if scaler else (
                KNeighborsClassifier(5)
            )  # fmt: skip
            accuracy = model.fit(data.x[train].astype(float), data.y[train]).score(
                data.x[rest], data.y[rest]
            )
            # Neighbours as far as each other may come in another order.
            assert found[scaling][number] == pytest.approx(accuracy, abs=1.5 / points)


def test_neighbours_know_no_mean_and_no_common_factor():
    found = neighbour_accuracies(digits(), splits=4)
    np.testing.assert_array_equal(found["raw"], found["divided_by_16"])
    np.testing.assert_allclose(found["standardized"], found["divided_by_std"], atol=1.5 / 360)
    assert len(np.unique(found["raw"])) > 1
