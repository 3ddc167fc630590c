"""Values and intervals against closed forms, and the intervals' own coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from normlayers.experiments.claims.evidence import (
    MANY,
    Evidence,
    difference,
    mean,
    probability_of_improvement,
    share,
    share_of_counts,
)


@given(cases=st.integers(1, 500), data=st.data())
def test_a_shares_interval_is_clopper_and_pearsons(cases, data):
    happened = data.draw(st.integers(0, cases))
    found = share_of_counts(happened, cases)
    assert (found.value, found.n) == (happened / cases, cases)
    # Quantiles of beta distributions (Clopper and Pearson 1934).
    low = stats.beta.ppf(0.025, happened, cases - happened + 1) if happened else 0
    high = stats.beta.ppf(0.975, happened + 1, cases - happened) if happened < cases else 1
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-8)


def test_intervals_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(0)
    samples = random.exponential(2.0, size=(200, 400))
    covered = [found.low <= 2 <= found.high for found in map(mean, samples)]
    assert 0.9 <= np.mean(covered) <= 0.99
    one, other = random.normal(3, 1, (100, 300)), random.normal(2, 2, (100, 250))
    covered = [f.low <= 1 <= f.high for f in map(difference, one, other)]
    assert 0.88 <= np.mean(covered) <= 1


def test_a_mean_of_many_is_that_of_students():
    values = np.random.default_rng(0).normal(size=MANY + 1)
    error = 1.96 * values.std(ddof=1) / np.sqrt(MANY + 1)
    found = mean(values)
    assert found.low == pytest.approx(values.mean() - error, abs=1e-4)
    assert found.high == pytest.approx(values.mean() + error, abs=1e-4)
    both = difference(values, values + 1)
    assert both.value == pytest.approx(-1)
    assert both.high - both.low == pytest.approx(2 * error * np.sqrt(2), rel=1e-3)


def test_nan_and_infinity_are_left_out():
    assert mean(np.array([1.0, np.nan, 1.0, np.inf])) == Evidence(1, 1, 1, 2)
    assert share(np.zeros(0, bool)).n == 0
    assert mean(np.full(5, np.nan)).n == 0
    assert difference(np.ones(3), np.full(3, np.nan)).n == 0


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, np.inf])] * 2), min_size=1))
def test_the_probability_of_improvement_is_mann_and_whitneys_over_pairs_without_ties(pairs):
    better, worse = np.array(pairs).T
    found = probability_of_improvement(better, worse)
    # A pair alone is a Mann-Whitney U of 1, 1/2 (a tie) or 0; ties are no improvement here.
    statistic = [stats.mannwhitneyu([x], [y]).statistic for x, y in pairs]
    assert found.value == np.mean(np.floor(statistic))
    assert found == share(np.floor(statistic) == 1)


def test_a_pair_with_nan_is_no_improvement():
    ends = np.array([np.nan, 1.0]), np.array([0.0, np.nan])
    assert probability_of_improvement(*ends).value == 0
