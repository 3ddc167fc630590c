"""Gradient descent run side by side, held to runs one by one."""

import numpy as np
import pytest

from normlayers.experiments.loss_surface import quadratic_descent as theory
from normlayers.experiments.loss_surface.gradient_descent import (
    DIVERGED,
    NOT_REACHED,
    REACHED,
    descend,
    quadratic_gradient,
    squared_distance,
)


@pytest.fixture
def bowls():
    """Fifty Hessians of condition numbers from 1 to 2,000, and first errors."""
    rng = np.random.default_rng(0)
    turns = np.linalg.qr(rng.normal(size=(50, 2, 2)))[0]
    eigenvalues = np.stack([np.ones(50), np.geomspace(1.01, 2000, 50)], axis=-1)
    hessian = turns @ (eigenvalues[..., np.newaxis] * np.swapaxes(turns, 1, 2))
    return hessian, rng.normal(size=(50, 2)), eigenvalues


def test_runs_side_by_side_are_those_one_by_one(bowls):
    hessian, start, eigenvalues = bowls
    rates = theory.best_rate(eigenvalues)
    found = descend(quadratic_gradient(hessian), hessian, start, rates, 1e-2, 100_000, True)
    assert found.outcome == [REACHED] * 50
    for i in range(50):
        path = [start[i]]
        begun = start[i] @ hessian[i] @ start[i]
        while path[-1] @ hessian[i] @ path[-1] > 1e-4 * begun:
            path.append(path[-1] - rates[i] * hessian[i] @ path[-1])
        assert found.steps[i] == len(path) - 1
        np.testing.assert_allclose(found.paths[i], path, atol=1e-9)
        length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
        assert found.length[i] == pytest.approx(length)


def detour(eigenvalues, parts):
    """The path's length at the best rate over the straight distance, to the very minimum.

    The error's parts ``a`` (steep) and ``b`` (flat) shrink by ``q`` a step, ``a`` changing its
    sign; the steps' lengths are a geometric series of sum ``sqrt(κ² a² + b²)``.
    """
    flat, steep = parts[..., 0], parts[..., 1]
    path = np.hypot(theory.condition_number(eigenvalues) * steep, flat)
    return path / np.hypot(steep, flat)


def test_steps_and_detours_are_the_theorys(bowls):
    hessian, start, eigenvalues = bowls
    rates = theory.best_rate(eigenvalues)
    found = descend(quadratic_gradient(hessian), hessian, start, rates, 1e-4, 100_000)
    predicted = theory.predicted_steps(theory.condition_number(eigenvalues), 1e-4)
    np.testing.assert_allclose(found.steps, predicted, rtol=0.1)
    vectors = np.linalg.eigh(hessian)[1]
    parts = np.einsum("nij,ni->nj", vectors, start)
    expected = detour(eigenvalues, parts)
    np.testing.assert_allclose(found.length / np.linalg.norm(start, axis=1), expected, rtol=2e-4)
    assert found.paths == []


def test_a_rate_too_large_diverges_and_one_too_small_does_not_arrive(bowls):
    hessian, start, eigenvalues = (array[:3] for array in bowls)
    rates = theory.largest_stable_rate(eigenvalues) * [1.5, 0.5, 1e-6]
    found = descend(quadratic_gradient(hessian), hessian, start, rates, 1e-3, 1000, True)
    assert found.outcome == [DIVERGED, REACHED, NOT_REACHED]
    assert found.steps[2] == 1000
    assert [len(path) - 1 for path in found.paths] == found.steps.tolist()
    away = squared_distance(hessian[0], found.paths[0][[0, -2, -1]])
    assert away[1] < 1e12 * away[0] < away[2]


def test_what_is_not_a_number_has_diverged():
    hessian, start = np.eye(2)[np.newaxis], np.ones((1, 2))
    found = descend(lambda runs: lambda error: error * np.nan, hessian, start, np.ones(1), 0.1, 99)
    assert (found.outcome, found.steps.tolist()) == ([DIVERGED], [1])
