"""Intervals against closed forms and their own coverage; rules; what is left open."""

import importlib
import re
from dataclasses import replace
from itertools import chain, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from normlayers.experiments.claims.articles import ARTICLES, by_article_and_number
from normlayers.experiments.claims.claim import FEWEST, Claim, check
from normlayers.experiments.claims.evidence import (
    MANY,
    Evidence,
    difference,
    exact,
    mean,
    share,
    share_of_counts,
)
from normlayers.experiments.claims.rules import AtLeast, AtMost, Between
from normlayers.experiments.claims.table import claims_markdown, claims_table


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
            "id": "A2.1", "article": "A2", "claim": "It is so.", "measure": "Share of it.",
            "rule": "at least 0.9 (in part from 0.5 on)", "value": 1.0, "n": FEWEST,
            "exact": False, "verdict": "holds", "figure": "it.png",
        }
    ]  # fmt: skip


def judged(own, other):
    """The row of a claim of two readings."""
    return check(
        [
            Claim(
                "A2.5", "So.", "share", AtLeast(0.9, 0.5), "a.png", lambda _: own,
                ("if not", lambda _: other),
            )
        ],
        None,
    )[0]  # fmt: skip


HOLDS, IN_PART, FAILS = (Evidence(v, v - 0.02, v + 0.02, 1000) for v in (0.95, 0.7, 0.2))
ACROSS = Evidence(0.9, 0.88, 0.92, 1000)


@pytest.mark.parametrize(
    ("own", "other", "verdict", "measure"),
    [
        (HOLDS, HOLDS, "holds", "Share. Another reading agrees: if not (0.950)."),
        (FAILS, FAILS, "does not hold", "Share. Another reading agrees: if not (0.200)."),
        (HOLDS, FAILS, "holds in part", "Another reading does not hold: if not (0.200). Share."),
        (HOLDS, IN_PART, "holds in part", "Another reading holds in part: if not (0.700). Share."),
        (FAILS, HOLDS, "holds in part", "Only another reading holds: if not (0.950). Share."),
        (
            IN_PART, FAILS, "holds in part",
            "Another reading does not hold: if not (0.200). "
            "All of the 95 % interval is under 0.9. Share.",
        ),
        (
            ACROSS, IN_PART, "holds in part",
            "Part of the 95 % interval is under 0.9. Share. "
            "Another reading agrees: if not (0.700).",
        ),
    ],
)  # fmt: skip
def test_what_makes_a_claim_hold_only_in_part_is_said_first(own, other, verdict, measure):
    row = judged(own, other)
    assert (row["verdict"], row["measure"]) == (verdict, measure)


@pytest.mark.parametrize(
    ("rule", "evidence", "says"),
    [
        (AtLeast(0.9, 0.5), exact(0.7), "The value is under 0.9."),
        (AtMost(2, 100), exact(70.0), "The value is over 2."),
        (AtMost(2, 100), Evidence(2, 1.9, 2.1, 300), "Part of the 95 % interval is over 2."),
        (AtMost(2, 100), Evidence(3, 2.9, 3.1, 300), "All of the 95 % interval is over 2."),
        (
            Between(0.45, 0.55), Evidence(0.55, 0.5, 0.6, 300),
            "Part of the 95 % interval is outside of 0.45 to 0.55.",
        ),
    ],
)  # fmt: skip
def test_a_rule_says_what_evidence_lacks(rule, evidence, says):
    assert rule.verdict(evidence) == "holds in part"
    assert rule.shortfall(evidence) == says


def every_claim():
    modules = ("deep", "input", "loss_surface", "odds", "scaling", "two_neuron")
    found = [importlib.import_module(f"normlayers.experiments.{m}_claims").CLAIMS for m in modules]
    return sorted(chain(*found), key=lambda claim: by_article_and_number(claim.id))


def test_every_claim_of_every_article_has_its_measure():
    assert [claim.id for claim in every_claim()] == [
        name for article in ARTICLES for name in article.claims
    ]


@pytest.mark.parametrize("claim", every_claim(), ids=lambda claim: claim.id)
def test_measures_are_in_sentences_of_under_25_words(claim):
    """However the readings come out."""
    readings = (HOLDS, IN_PART, FAILS)
    for own, other in product(readings, readings):
        parts = {"rule": AtLeast(0.9, 0.5), "evidence": lambda _, own=own: own}
        if claim.other_reading:
            parts["other_reading"] = (claim.other_reading[0], lambda _, other=other: other)
        measure, _ = replace(claim, **parts).judged(own, None)
        for sentence in re.split(r"(?<=[.;]) ", measure):
            assert len(sentence.split()) < 25, sentence


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
