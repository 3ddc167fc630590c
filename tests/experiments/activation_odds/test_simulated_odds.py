"""The simulation, against loops over its own draws, against closed forms, and its promises."""

import tracemalloc
from dataclasses import fields
from time import sleep

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from normlayers.experiments.activation_odds import simulated_odds
from normlayers.experiments.activation_odds.exact_odds import (
    always_on,
    number_active,
)
from normlayers.experiments.activation_odds.simulated_odds import simulate
from tests.experiments.activation_odds.overlaps import overlap_distribution

COUNTED = (
    "neuron_counts", "pair_counts", "number_active", "on_part", "active_sum", "active_squares",
)  # fmt: skip
# 4.5 standard errors, which one comparison in 150,000 exceeds.
SIGMAS = 4.5
# Chi-squared tests fail once in a million runs; the seeds are fixed.
LEAST_P = 1e-6


@pytest.fixture(scope="module")
def articles():
    return simulate(seed=5, networks=40_000)


def assert_same(one, other):
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def assert_distributed(counts, expected):
    """Chi-squared, rare values lumped together."""
    expected = np.asarray(expected) * counts.sum()
    common = expected >= 10
    observed, expected = (
        np.append(values[common], values[~common].sum()) for values in (counts, expected)
    )
    kept = expected > 0
    assert observed[~kept].sum() == 0
    assert chisquare(observed[kept], expected[kept]).pvalue > LEAST_P


def looped(seed, networks, points, inputs, neurons, shifts, size):
    """What ``Odds`` says it counts, network by network, from the same random numbers."""
    odds = {name: np.zeros((2, len(shifts), neurons + 1)) for name in COUNTED[2:4]}
    odds |= {name: np.zeros((2, len(shifts), points + 1)) for name in COUNTED[:2]}
    odds |= {name: np.zeros((2, len(shifts))) for name in COUNTED[4:]}
    nearest = np.inf
    for network in range(networks):
        random = np.random.default_rng(np.random.SeedSequence([seed, network // size]))
        weights, bias, data = (
            2.0 * random.random(shape, np.float32) - 1
            for shape in ((inputs, neurons, size), (neurons, size), (inputs, size, points))
        )
        weights, bias, data = (
            weights[..., network % size], bias[..., network % size], data[:, network % size]
        )  # fmt: skip
        for b in range(2):
            for s, shift in enumerate(shifts):
                z = (data.T + shift) @ weights + b * bias
                nearest = min(nearest, np.abs(z).min())
                active = z > 0
                for neuron in active.T:
                    odds["neuron_counts"][b, s, neuron.sum()] += 1
                for i in range(0, neurons - 1, 2):
                    odds["pair_counts"][b, s, (active[:, i] & active[:, i + 1]).sum()] += 1
                for point in active:
                    odds["number_active"][b, s, point.sum()] += 1
                on_all, on_none = active.all(axis=0), ~active.any(axis=0)
                odds["on_part"][b, s, (~on_all & ~on_none).sum()] += 1
                odds["active_sum"][b, s] += active.mean()
                odds["active_squares"][b, s] += active.mean() ** 2
    return odds, nearest


@given(
    seed=st.integers(0, 2**32 - 1),
    networks=st.integers(1, 7),
    points=st.integers(1, 12),
    inputs=st.integers(1, 4),
    neurons=st.integers(1, 18),
)
@settings(deadline=None, max_examples=40)
def test_counts_are_what_loops_count(seed, networks, points, inputs, neurons):
    shifts, size = (0, 1, 2.5, 9), 3
    expected, nearest = looped(seed, networks, points, inputs, neurons, shifts, size)
    assume(nearest > 1e-5)  # a float32 may fall on the other side of 0
    with pytest.MonkeyPatch.context() as patch:
        numbers = points * (inputs + 2 * neurons) + 4 * 2 * 10 * neurons
        patch.setattr(simulated_odds, "CHUNK", size * numbers)
        odds = simulate(seed, networks, points, inputs, neurons, shifts)
    for name in COUNTED:
        np.testing.assert_allclose(getattr(odds, name), expected[name], rtol=1e-12, err_msg=name)


def test_more_points_than_a_byte_holds():
    odds = simulate(networks=50, points=1000)
    (_, nine), values = odds.neuron_counts[0, [0, 9]], np.arange(1001)
    assert nine[[0, 1000]].sum() > 70  # of 100 neurons
    mean = odds.neuron_counts[0] @ values / (100 * 1000)
    np.testing.assert_allclose(mean, odds.active_sum[0] / 50, rtol=1e-12)


def test_neither_cores_nor_timing_matter():
    one, *others = (simulate(seed=3, networks=7000, workers=n) for n in (1, 2, 5))
    for other in others:
        assert_same(one, other)


def test_the_first_networks_stay_when_more_are_asked_for():
    few, more, all_else = (simulate(seed=3, networks=n) for n in (2000, 2001, 4000))
    for name in ("neuron_counts", "number_active", "on_part"):
        added = getattr(more, name) - getattr(few, name)
        assert added.min() >= 0
        assert (getattr(all_else, name) >= getattr(more, name)).all()
    assert ((more.neuron_counts - few.neuron_counts).sum(axis=-1) == 2).all()


def test_other_shifts_see_the_same_networks(articles):
    odds = simulate(seed=5, networks=40_000, shifts=[9, 0])
    np.testing.assert_array_equal(odds.neuron_counts, articles.neuron_counts[:, [9, 0]])


def test_the_seed_alone_decides():
    first, again, other = (simulate(seed, networks=500) for seed in (1, 1, 2))
    assert_same(first, again)
    assert (first.neuron_counts != other.neuron_counts).any()


@pytest.mark.parametrize("points", [1, 200])
def test_memory_does_not_grow_with_the_number_of_networks(points):
    peaks = []
    for networks in (40_000, 160_000):
        tracemalloc.start()
        # A slow reader does not let results pile up.
        simulate(networks=networks, points=points, workers=2, advance=lambda _: sleep(0.01))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] < 100e6


def test_progress_is_told():
    told = []
    simulate(networks=5000, advance=told.append)
    assert len(told) > 1
    assert sum(told) == 5000


def test_half_of_the_neurons_are_active_wherever_the_data_are(articles):
    networks = articles.networks
    mean = articles.active_sum / networks
    variance = articles.active_squares / networks - mean**2
    assert (np.abs(mean - 0.5) <= SIGMAS * np.sqrt(variance / networks)).all()


def test_their_number_is_binomial_wherever_the_data_are():
    """One point a network, for points of one network are not independent."""
    odds = simulate(seed=6, networks=40_000, points=1, neurons=5)
    for number in odds.number_active.reshape(-1, 6):
        assert_distributed(number, number_active(5))


def test_centred_without_bias_half_of_the_data_activate_a_neuron():
    odds = simulate(seed=7, networks=40_000, points=50, inputs=3, neurons=1, shifts=[0])
    assert_distributed(odds.neuron_counts[0, 0], binom.pmf(np.arange(51), 50, 0.5))


def test_overlaps_are_uniform_up_to_a_half(articles):
    assert_distributed(articles.pair_counts[0, 0], overlap_distribution(200))


def test_overlaps_are_not_with_a_bias_or_shifted(articles):
    for counts in (articles.pair_counts[1, 0], articles.pair_counts[0, 9]):
        with pytest.raises(AssertionError):
            assert_distributed(counts, overlap_distribution(200))


def active_share_of_square(weights, bias, shift):
    """The area of a half-plane in a square; shapes ``(neurons, 2)`` and ``(neurons,)``."""
    a, b = 2 * np.abs(weights).T
    t = bias + shift * weights.sum(axis=1) + (a + b) / 2
    twice = sum(s * np.maximum(0, t - r) ** 2 for s, r in ((1, 0), (-1, a), (-1, b), (1, a + b)))
    return np.clip(twice / (2 * a * b), 0, 1)


def test_a_sample_of_points_is_activated_as_a_whole_as_often_as_it_should(articles):
    """The mean of S^n, as ``exact_odds`` explains, over other weights."""
    random = np.random.default_rng(8)
    weights, biases = random.uniform(-1, 1, (400_000, 2)), random.uniform(-1, 1, 400_000)
    neurons = 2 * articles.networks
    for b in range(2):
        for s, shift in enumerate(articles.shifts):
            expected = active_share_of_square(weights, b * biases, shift) ** 200
            for found in (articles.neuron_counts[b, s, 200], articles.neuron_counts[b, s, 0]):
                error = np.sqrt(expected.var() * (1 / neurons + 1 / 400_000))
                binomial = np.sqrt(expected.mean() / neurons)
                assert abs(found / neurons - expected.mean()) <= SIGMAS * (error + binomial)


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_many_points_miss_few_corners(inputs):
    """At most 0.007 more than of the cube: so much is the mean of S^n above P(S = 1), at worst."""
    points, networks = 20_000, 600
    odds = simulate(9, networks, points, inputs, neurons=2, shifts=[0, 2, 9])
    for b, s in np.ndindex(2, 3):
        exact = float(always_on(inputs, odds.shifts[s], bool(b)))
        error = np.sqrt(exact * (1 - exact) / (2 * networks))
        for k in (0, points):
            found = odds.neuron_counts[b, s, k] / (2 * networks)
            assert -SIGMAS * error <= found - exact <= SIGMAS * error + 0.007


def test_fewer_points_miss_more(articles):
    few = simulate(seed=5, networks=40_000, points=20)
    shares = [odds.neuron_counts[..., -1] / 80_000 for odds in (few, articles)]
    cube = [[float(always_on(2, shift, bool(b))) for shift in few.shifts] for b in range(2)]
    assert (shares[0][:, 1:] > shares[1][:, 1:]).all()
    assert (shares[1][:, 1:] > np.array(cube)[:, 1:] - 0.005).all()


@pytest.mark.parametrize("name", ["networks", "points", "inputs", "neurons"])
def test_refuses_a_size_of_nothing(name):
    with pytest.raises(ValueError, match=f"{name} must be a positive integer. Received: 0"):
        simulate(**{name: 0})
