"""Quantiles against NumPy's and the definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.experiments.claims.summaries import (
    QUANTILES,
    distribution,
    finite_or_none,
    middle_half,
    quantiles,
    quantiles_and_left_out,
    quantiles_of_counts,
)

VALUES = st.lists(st.sampled_from([0.0, 1.5, 2.0, 7.0, np.inf, np.nan]), min_size=1, max_size=40)


@given(VALUES, st.integers(1, 100))
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(values, percent):
    values = np.array(values)
    found = quantiles(values, percent / 100)
    counted = np.where(np.isnan(values), np.inf, values)
    enough = [v for v in counted if 100 * np.sum(counted <= v) >= percent * len(counted)]
    assert found == min(enough)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40))
@settings(deadline=None)
def test_quantiles_of_counts_are_those_of_the_values(counts):
    found = quantiles_of_counts(np.bincount(counts, minlength=13)[np.newaxis])
    np.testing.assert_allclose(found[0], quantiles(np.array(counts) / 12), rtol=1e-12)


def test_a_distribution_leaves_out_what_is_not_finite_and_has_values_that_occur():
    values = np.array([np.nan, 1.0, 2.0, 4.0, 10.0, np.inf])
    assert distribution(values) == {"mean": 4.25, "quantiles": [1, 1, 2, 4, 10]}
    assert distribution(np.full(3, np.nan)) == {"mean": None, "quantiles": None}


def test_spreads_count_infinity_and_leave_out_nan():
    found, left_out = quantiles_and_left_out(np.array([np.inf, np.nan, 1.0, 2.0]))
    assert (found.tolist(), left_out) == ([1, 1, 2, np.inf, np.inf], 1)
    none, left_out = quantiles_and_left_out(np.full(3, np.nan))
    assert np.isnan(none).all()
    assert (len(none), left_out) == (len(QUANTILES), 3)
    assert quantiles_and_left_out(np.empty(0))[1] == 0


def test_a_line_has_medians_and_quartiles_at_places_from_1():
    values = np.arange(303.0).reshape(3, 101).T
    places, line = middle_half(values)
    assert places.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(line[:, 0], [50, 25, 75])


def test_numbers_that_json_lacks_are_none():
    assert finite_or_none(np.array([np.nan, 1, -np.inf])) == [None, 1.0, None]
