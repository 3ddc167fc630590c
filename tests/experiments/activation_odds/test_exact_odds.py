"""The closed forms, against other closed forms, exact symmetries and brute force."""

from fractions import Fraction
from itertools import permutations
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from normlayers.experiments.activation_odds.exact_odds import (
    always_on,
    chance_positive,
    number_active,
)
from tests.experiments.activation_odds.overlaps import overlap_distribution

# Draws for brute force; 4.5 standard errors, which one comparison in 150,000 exceeds.
DRAWS, SIGMAS = 200_000, 4.5

coefficients = st.lists(
    st.fractions(min_value=-3, max_value=3, max_denominator=12).filter(bool),
    min_size=1, max_size=6,
)  # fmt: skip


def assert_estimates(found, exact, draws):
    error = np.sqrt(exact * (1 - exact) / draws)
    assert abs(found - exact) <= SIGMAS * error + 1e-12


@pytest.mark.parametrize("neurons", [0, 1, 2, 7, 64])
def test_number_of_active_neurons_is_binomial(neurons):
    expected = [comb(neurons, k) / 2**neurons for k in range(neurons + 1)]
    assert number_active(neurons) == expected


def test_large_layers_do_not_overflow():
    distribution = np.array(number_active(5000))
    assert distribution.sum() == pytest.approx(1, abs=1e-12)
    assert distribution @ np.arange(5001) == pytest.approx(2500, rel=1e-12)


@pytest.mark.parametrize("points", [1, 2, 5, 40])
def test_overlaps_are_the_binomials_mean_over_their_chance(points):
    chance = (np.arange(200_000) + 0.5) / 400_000  # midpoints of [0, 1/2]
    for k, found in enumerate(overlap_distribution(points)):
        binomial = comb(points, k) * chance**k * (1 - chance) ** (points - k)
        assert found == pytest.approx(binomial.mean(), abs=1e-9)


def test_overlaps_of_a_sample_add_up_and_are_a_quarter_on_average():
    distribution = overlap_distribution(200)
    assert distribution.shape == (201,)
    assert distribution.sum() == pytest.approx(1, abs=1e-12)
    assert distribution @ np.arange(201) / 200 == pytest.approx(0.25, abs=1e-12)


def test_two_neurons_overlap_on_a_uniform_share_of_the_square():
    """The square as 200 x 200 points, which miss a share by at most about 0.01."""
    side = (np.arange(200) + 0.5) / 100 - 1
    square = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    weights = np.random.default_rng(0).uniform(-1, 1, (1500, 2, 2))
    overlaps = [((square @ of_pair.T) > 0).all(axis=1).mean() for of_pair in weights]
    assert kstest(overlaps, "uniform", (0, 0.5)).pvalue > 1e-3


@given(coefficients)
@settings(deadline=None)
def test_a_sum_is_positive_or_its_opposite_is(chosen):
    """Exactly, for the sum is 0 with probability 0."""
    opposite = [-a for a in chosen]
    assert chance_positive(chosen) + chance_positive(opposite) == 1
    assert 0 <= chance_positive(chosen) <= 1


@given(coefficients, st.fractions(min_value=Fraction(1, 9), max_value=9))
@settings(deadline=None)
def test_neither_scale_nor_order_nor_zeros_matter(chosen, scale):
    changed = [0, *(scale * a for a in reversed(chosen)), 0]
    assert chance_positive(changed) == chance_positive(chosen)


@given(coefficients)
@settings(deadline=None, max_examples=25, derandomize=True)
def test_chances_are_what_draws_show(chosen):
    sums = np.random.default_rng(1).random((DRAWS, len(chosen))) @ np.array(chosen, float)
    assert_estimates((sums >= 0).mean(), float(chance_positive(chosen)), DRAWS)


def test_chances_known_by_other_means():
    assert chance_positive([]) == 1
    assert chance_positive([-0.5]) == 0
    for a, b in permutations([Fraction(1), Fraction(3, 2), Fraction(7)], 2):
        # Of a triangle or a trapezium in the unit square.
        assert chance_positive([a, -b]) == (a / (2 * b) if a <= b else 1 - b / (2 * a))
    for terms in range(1, 8):  # the corner of a cube
        assert chance_positive([1] + [-1] * terms) == Fraction(1, factorial(terms + 1))


@pytest.mark.parametrize("shift", [1, 1.5, 2, 9, 100])
def test_two_inputs_without_bias(shift):
    c = Fraction(shift)
    assert always_on(2, shift, bias=False) == c / (2 * (c + 1))


@pytest.mark.parametrize("inputs", [1, 2, 3, 6])
def test_centred_data(inputs):
    """Without a bias none is on all; with one, b > sum(|w|): the corner of a cube."""
    assert always_on(inputs, 0, bias=False) == 0
    assert always_on(inputs, 0, bias=True) == Fraction(1, 2 * factorial(inputs + 1))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shift", [0.5, 1.25, 3, 9])
@pytest.mark.parametrize("inputs", [1, 2, 3, 5])
def test_the_corners_of_the_cube_tell(inputs, shift, bias):
    random = np.random.default_rng(2)
    weights = random.uniform(-1, 1, (DRAWS, inputs))
    corners = shift + np.array(list(np.ndindex((2,) * inputs))) * 2 - 1
    least = (weights @ corners.T).min(axis=1) + bias * random.uniform(-1, 1, DRAWS)
    for found in ((least > 0).mean(), (least >= 0).mean()):
        assert_estimates(found, float(always_on(inputs, shift, bias)), DRAWS)


@pytest.mark.parametrize("bias", [False, True])
def test_direction_does_not_matter_and_distance_makes_half_of_them_always_on(bias):
    assert always_on(3, -2, bias) == always_on(3, 2, bias)
    shares = [float(always_on(3, shift, bias)) for shift in (0, 1, 2, 4, 8, 1e9)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(0.5, abs=1e-8)


@pytest.mark.parametrize("inputs", [0, -1, 51])
def test_refuses_numbers_of_inputs_that_it_cannot_do(inputs):
    with pytest.raises(ValueError, match=f"from 1 to 50. Received: {inputs}"):
        always_on(inputs, 1, bias=False)
