"""Intervals against closed forms and their own coverage; rules; what is left open."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from normlayers.experiments.claims import (
    FEWEST,
    MANY,
    AtLeast,
    AtMost,
    Between,
    Claim,
    Evidence,
    check,
    difference,
    exact,
    mean,
    share,
    share_of_counts,
)
from normlayers.experiments.claims_table import claims_markdown, claims_table


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


def test_what_is_not_finite_is_left_out():
    assert mean(np.array([1.0, np.nan, 1.0, np.inf])) == Evidence(1, 1, 1, 2)
    assert share(np.zeros(0, bool)).n == 0
    assert mean(np.full(5, np.nan)).n == 0
    assert difference(np.ones(3), np.full(3, np.nan)).n == 0


# Eighths, which are exact, so that an end of an interval often is a rule's bound.
EIGHTHS = st.tuples(*[st.integers(0, 8).map(lambda n: n / 8)] * 2).map(sorted)


@given(EIGHTHS, EIGHTHS)
def test_rules_look_at_the_whole_interval(interval, bounds):
    low, high = interval
    evidence = Evidence(low, low, high, 300)
    in_part, holds = bounds
    assert (AtLeast(holds, in_part).verdict(evidence) == "holds") == (low >= holds)
    assert (AtMost(in_part, holds).verdict(evidence) == "holds") == (high <= in_part)
    # Turned round, one rule is the other.
    mirrored = Evidence(1 - high, 1 - high, 1 - low, 300)
    at_most = AtMost(1 - holds, 1 - in_part).verdict(mirrored)
    assert AtLeast(holds, in_part).verdict(evidence) == at_most
    inside = in_part <= low and high <= holds
    assert (Between(in_part, holds).verdict(evidence) == "holds") == inside
    apart = high < in_part or low > holds
    assert (Between(in_part, holds).verdict(evidence) == "does not hold") == apart


def claim(name, evidence):
    return Claim(name, "It is so.", "share of it", AtLeast(0.9, in_part=0.5), "it.png", evidence)


def test_rows_say_what_results_json_promises():
    claims = [
        claim("A2.1", lambda f: share(f["arm"] > 0)),
        claim("A2.2", lambda f: share(f["not run"])),
        claim("A2.3", lambda f: share(f["arm"][: FEWEST - 1] > 0)),
        claim("A2.4", lambda f: Evidence(float("nan"), 0, 0, 1000)),
    ]
    rows = check(claims, {"arm": np.ones(FEWEST)})
    assert len(rows) == 1
    (low, high) = rows[0].pop("ci95")
    assert 0.9 < low < high == 1
    assert rows == [
        {
            "id": "A2.1", "article": "A2", "claim": "It is so.", "measure": "share of it",
            "rule": "at least 0.9 (in part from 0.5 on)", "value": 1.0, "n": FEWEST,
            "exact": False, "verdict": "holds", "figure": "it.png",
        }
    ]  # fmt: skip


def test_a_claim_that_holds_by_one_reading_only_holds_in_part():
    rows = check(
        [
            Claim("A2.5", "So.", "share", AtLeast(0.9, 0.5), "a.png", share, ("if not", reading))
            for reading in (share, lambda happened: share(~happened))
        ],
        np.ones(1000, bool),
    )
    assert [row["verdict"] for row in rows] == ["holds", "holds in part"]
    assert [row["measure"] for row in rows] == ["share; if not: 1.000", "share; if not: 0"]


def test_where_no_chance_plays_a_part_one_case_tells_all():
    rows = check([claim("A3.1", exact)], 1.0)
    assert rows[0]["exact"]
    assert rows[0]["verdict"] == "holds"
    assert "| 1.000 |" in claims_markdown(rows)
    assert "| exact |" in claims_markdown(rows)


def test_tables_show_every_row():
    rows = check([claim("A2.1", lambda f: share(f))], np.ones(300, bool))
    assert claims_table(rows).row_count == 1
    text = claims_markdown(rows)
    assert "**A2.1** It is so." in text
    assert "1.000 [0.988, 1.000]" in text
    assert "**holds**" in text
