"""Article A2's points."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from normlayers.experiments.data.circles import circles, logistic_regression_accuracy


def test_logistic_regression_is_scikit_learns():
    assert logistic_regression_accuracy() == pytest.approx(0.614, abs=5e-4)


def test_data_are_the_articles():
    x, y = circles()
    assert x.shape == (166, 2)
    assert max(y.mean(), 1 - y.mean()) == pytest.approx(0.518, abs=5e-4)
    assert LogisticRegression().fit(x, y.ravel()).score(x, y.ravel()) == pytest.approx(
        0.614, abs=5e-4
    )
    squared = (x.astype(float) ** 2).sum(axis=1)
    assert ((squared < 1) | (squared > 1.5)).all()
    np.testing.assert_array_equal(y.ravel(), squared >= 1)
