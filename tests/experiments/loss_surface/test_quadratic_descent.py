"""The theory of gradient descent on quadratics, held to its being done step by step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.experiments.loss_surface import quadratic_descent as theory


def bowl(flat, steep, angle):
    """A Hessian with these eigenvalues."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([flat, steep]) @ turn.T


def steps_made(hessian, error, rate, tolerance):
    begun, steps = error @ hessian @ error, 0
    while error @ hessian @ error > tolerance**2 * begun:
        error, steps = error - rate * hessian @ error, steps + 1
    return steps


bowls = st.tuples(st.floats(0.1, 1), st.floats(1.05, 60), st.floats(0, 3), st.floats(0, 6.2))


@given(bowls, st.floats(0.001, 0.9))
@settings(deadline=None, max_examples=60)
def test_steps_at_the_best_rate_are_those_predicted(drawn, tolerance):
    flat, times, angle, direction = drawn
    hessian = bowl(flat, flat * times, angle)
    eigenvalues = np.linalg.eigvalsh(hessian)
    np.testing.assert_allclose(eigenvalues, [flat, flat * times])
    error = np.array([np.cos(direction), np.sin(direction)])
    rate = theory.best_rate(eigenvalues)
    predicted = theory.predicted_steps(theory.condition_number(eigenvalues), tolerance)
    # A hair either way, where the tolerance is met within a rounding error.
    assert abs(steps_made(hessian, error, rate, tolerance) - predicted) <= 1
    less, more = (
        steps_made(hessian, error, rate, tolerance * (1 + hair)) for hair in (1e-9, -1e-9)
    )
    assert less <= predicted <= more or predicted == 1


@given(bowls, st.floats(0.02, 0.98), st.floats(0.01, 0.9))
@settings(deadline=None, max_examples=60)
def test_exact_steps_are_those_made_at_any_stable_rate(drawn, part, tolerance):
    flat, times, angle, direction = drawn
    hessian = bowl(flat, flat * times, angle)
    error = np.array([np.cos(direction), np.sin(direction)])
    eigenvalues = np.linalg.eigvalsh(hessian)
    rate = part * theory.largest_stable_rate(eigenvalues)
    shares = theory.energy_shares(hessian, error)
    assert shares.sum() == pytest.approx(1)
    less, more = (
        steps_made(hessian, error, rate, tolerance * (1 + hair)) for hair in (1e-9, -1e-9)
    )
    found = theory.exact_steps(eigenvalues, shares, rate, tolerance)
    assert max(1, less) <= found <= max(1, more)


def test_many_steps_are_told_without_making_them():
    """A single eigenvalue of 1: (1 - rate) ** steps = tolerance."""
    eigenvalues, shares = np.array([1.0, 1.0]), np.array([1.0, 0.0])
    for rate in (1e-3, 1e-6, 1e-9):
        found = theory.exact_steps(eigenvalues, shares, np.array(rate), 1e-3)
        assert found == pytest.approx(np.log(1e-3) / np.log1p(-rate), rel=1e-6, abs=1)


def test_a_rate_that_is_not_stable_takes_for_ever():
    eigenvalues, shares = np.array([[1.0, 4.0]] * 3), np.full((3, 2), 0.5)
    steps = theory.exact_steps(eigenvalues, shares, np.array([0.499, 0.5, 0.6]), 0.1)
    assert np.isfinite(steps).tolist() == [True, False, False]
    assert theory.largest_stable_rate(eigenvalues).tolist() == [0.5] * 3


def test_no_rate_contracts_more_than_the_best():
    eigenvalues = np.array([0.5, 3.5])
    rates = np.linspace(0, 0.6, 6001)
    slowest = np.abs(1 - rates[:, None] * eigenvalues).max(axis=1)
    assert rates[slowest.argmin()] == pytest.approx(theory.best_rate(eigenvalues), abs=1e-4)
    assert slowest.min() == pytest.approx(theory.contraction(np.array(7.0)), abs=1e-3)


def test_what_remains_is_what_steps_leave():
    hessian, error, rate = bowl(0.5, 3.0, 0.7), np.array([1.0, -0.3]), 0.4
    shares, eigenvalues = theory.energy_shares(hessian, error), np.linalg.eigvalsh(hessian)
    begun = error @ hessian @ error
    for step in range(6):
        told = theory.remaining(eigenvalues, shares, np.array(rate), np.array(step))
        assert told == pytest.approx(error @ hessian @ error / begun)
        error = error - rate * hessian @ error


def test_a_round_surface_takes_one_step():
    assert theory.predicted_steps(np.array([1.0, 1.0 + 1e-15]), 1e-3).tolist() == [1, 1]


def test_a_part_that_a_step_takes_away_whole_is_gone():
    remaining = theory.remaining(
        np.array([1.0, 2.0]), np.array([0.5, 0.5]), np.array(0.5), np.array([0, 1])
    )
    assert remaining.tolist() == [1, 0.125]
