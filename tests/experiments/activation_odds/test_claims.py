"""Claims about networks at initialization, on counts whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from normlayers.experiments.activation_odds.claims import CLAIMS
from normlayers.experiments.activation_odds.figures import picture_files
from normlayers.experiments.activation_odds.simulated_odds import simulate
from normlayers.experiments.claims.claim import check


@pytest.fixture(scope="module")
def odds():
    return simulate(networks=4000, points=150)


def test_every_claim_about_initial_networks_is_checked(odds):
    rows = check(CLAIMS, odds)
    assert [row["id"] for row in rows] == [f"A2.{n}" for n in range(4, 9)]
    assert {row["figure"] for row in rows} <= set(picture_files(2))
    for row in rows:
        assert row["ci95"][0] <= row["value"] <= row["ci95"][1]


def evidence(name, odds):
    (claim,) = [claim for claim in CLAIMS if claim.id == name]
    return claim.evidence(odds)


def test_means_and_shares_are_those_of_the_exact_odds(odds):
    for name in ("A2.4", "A2.8"):
        found = evidence(name, odds)
        assert found.low - 0.01 < 0.5 < found.high + 0.01
        # Two neurons' mean has the standard deviation of a fair coin's over the root of 2 at most.
        assert found.high - found.low < 2 * 1.96 * 0.5 / np.sqrt(4000)
    # Bias 0 on centred data: exactly half of the square, so a binomial share of the points.
    within = stats.binom(150, 0.5).cdf(112) - stats.binom(150, 0.5).cdf(37)
    assert evidence("A2.5", odds).value == pytest.approx(within, abs=0.001)
    # On all or none of the square with probability 9/10 at shift 9; on almost all it is more.
    assert 0.9 < evidence("A2.7", odds).value < 0.97


def test_the_distance_from_uniform_is_kolmogorov_and_smirnovs(odds):
    counts = odds.pair_counts[0, 0]
    # Each pair somewhere in its interval, at random.
    k = np.repeat(np.arange(151), counts)
    overlap = (k + np.random.default_rng(0).random(len(k))) / 151
    found = evidence("A2.6", odds)
    expected = stats.kstest(overlap, stats.uniform(0, 0.5).cdf).statistic
    assert found.value == pytest.approx(expected, abs=0.01)
    assert found.n == 4000


def test_a_single_neuron_has_no_overlap():
    rows = check(CLAIMS, simulate(networks=500, points=20, neurons=1))
    assert [row["id"] for row in rows] == ["A2.4", "A2.5", "A2.7", "A2.8"]
