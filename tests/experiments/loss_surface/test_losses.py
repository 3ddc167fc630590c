"""Losses of two weights, held to finite differences and to scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from normlayers.experiments.loss_surface.data import SCALINGS, draw, scaled
from normlayers.experiments.loss_surface.losses import LOSSES, NoMinimumError


@pytest.fixture
def problem():
    """Of each loss: x, y and weights, of two data sets."""
    data = draw(sets=2, points=40, seed=3)
    x = scaled(data.inputs, "divided_by_std")
    w = np.array([[0.3, -0.2], [0.05, 0.4]])
    return {"mean_squared_error": (x, data.targets, w), "cross_entropy": (x, data.labels, w)}


def test_values_are_the_textbooks(problem):
    x, y, w = problem["mean_squared_error"]
    expected = [np.mean((x[i] @ w[i] - y[i]) ** 2) for i in range(2)]
    np.testing.assert_allclose(LOSSES["mean_squared_error"].value(x, y, w), expected)
    x, y, w = problem["cross_entropy"]
    p = np.stack([1 / (1 + np.exp(-x[i] @ w[i])) for i in range(2)])
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1)
    np.testing.assert_allclose(LOSSES["cross_entropy"].value(x, y, w), expected)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_and_hessians_are_finite_differences(problem, name):
    loss, (x, y, w) = LOSSES[name], problem[name]
    for i in range(2):
        step = 1e-5 * np.eye(2)[i]
        slope = (loss.value(x, y, w + step) - loss.value(x, y, w - step)) / 2e-5
        np.testing.assert_allclose(loss.gradient(x, y, w)[:, i], slope, rtol=1e-6, atol=1e-9)
        bend = (loss.gradient(x, y, w + step) - loss.gradient(x, y, w - step)) / 2e-5
        np.testing.assert_allclose(loss.hessian(x, w)[:, i], bend, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_minima_are_scikit_learns(scaling):
    data = draw(sets=3, points=200, seed=4)
    x = scaled(data.inputs, scaling)
    squared = LOSSES["mean_squared_error"].minimum(x, data.targets)
    entropy = LOSSES["cross_entropy"].minimum(x, data.labels)
    for i in range(3):
        line = LinearRegression(fit_intercept=False).fit(x[i], data.targets[i])
        np.testing.assert_allclose(squared[i], line.coef_, rtol=1e-8)
        logistic = LogisticRegression(
            C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000
        ).fit(x[i], data.labels[i])
        np.testing.assert_allclose(entropy[i], logistic.coef_[0], rtol=1e-6)
    gradient = LOSSES["cross_entropy"].gradient(x, data.labels, entropy)
    assert np.abs(gradient).max() < 1e-12 * np.abs(x).max()


def test_labels_parted_by_a_line_have_no_minimum():
    x = np.random.default_rng(0).normal(size=(2, 30, 2))
    y = (np.random.default_rng(1).random((2, 30)) < 0.5).astype(float)
    LOSSES["cross_entropy"].minimum(x, y)
    y[1] = x[1] @ [1, 2] > 0
    with pytest.raises(NoMinimumError, match="a line through 0 parts the labels"):
        LOSSES["cross_entropy"].minimum(x, y)
