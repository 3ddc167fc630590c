"""The best line against linear classifiers and hand-made points."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from normlayers.experiments.data.circles import circles
from normlayers.experiments.two_neuron_ensemble.best_line import best_line_accuracy


def test_no_line_of_many_is_better_and_one_is_as_good():
    random = np.random.default_rng(0)
    for points in (1, 2, 5, 9):
        for _ in range(20):
            x, y = random.normal(size=(points, 2)), random.integers(0, 2, points)
            angle, cut = random.uniform(0, 2 * np.pi, 4000), random.normal(0, 1.5, 4000)
            sides = np.stack([np.cos(angle), np.sin(angle)], 1) @ x.T > cut[:, None]
            tried = (sides == y.astype(bool)).mean(axis=1).max()
            assert best_line_accuracy(x, y) >= tried
            if points < 6:
                assert best_line_accuracy(x, y) == pytest.approx(tried)


def test_points_that_a_line_parts_and_points_that_none_does():
    x = np.random.default_rng(1).normal(size=(60, 2))
    assert best_line_accuracy(x, x @ [1.0, -2.0] > 0.3) == 1
    assert best_line_accuracy(x, np.ones(60)) == 1
    assert best_line_accuracy(x, np.zeros((60, 1))) == 1
    on_a_line = np.stack([np.arange(6), np.arange(6)], 1)
    assert best_line_accuracy(on_a_line, np.array([0, 1, 0, 1, 0, 1])) == pytest.approx(4 / 6)


def test_on_the_circles_it_is_better_than_logistic_regression_wherever_they_are():
    x, y = circles()
    best = best_line_accuracy(x, y)
    assert best == best_line_accuracy(x + 10, y)
    assert LogisticRegression().fit(x, y.ravel()).score(x, y.ravel()) < best < 0.75
