"""Rows of results.json, verdicts of two readings, and what is left open."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from normlayers.experiments.claims.claim import FEWEST, Claim, OtherReading, check
from normlayers.experiments.claims.evidence import Evidence, exact, share
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.claims.rules import AtLeast
from tests.experiments.claims.test_articles import every_claim


def claim(name, evidence, other=None):
    reading = None if other is None else OtherReading(measure="if not", evidence=other)
    return Claim(
        id=name, measure="share", rule=AtLeast(0.9, in_part=0.5), figure="it.png",
        evidence=evidence, other_reading=reading,
    )  # fmt: skip


def test_rows_say_what_results_json_promises():
    rows = check([claim("A2.1", lambda found: share(found > 0))], np.ones(FEWEST))
    (low, high) = rows[0].pop("ci95")
    assert 0.9 < low < high == 1
    assert rows == [
        {
            "id": "A2.1", "article": "A2", "measure": "Share.",
            "claim": "Without a hidden activation the network is a logistic regression.",
            "rule": "at least 0.9 (in part from 0.5 on)", "value": 1.0, "n": FEWEST,
            "exact": False, "verdict": "holds", "figure": "it.png",
        }
    ]  # fmt: skip


HOLDS, IN_PART, FAILS = (Evidence(v, v - 0.02, v + 0.02, 1000) for v in (0.95, 0.7, 0.2))
ACROSS = Evidence(0.9, 0.88, 0.92, 1000)
NAN = float("nan")
NOT_ENOUGH = {
    "arm not run": lambda found: found["tanh"],
    "few": lambda _: Evidence(1.0, 1.0, 1.0, FEWEST - 1),
    "NaN": lambda _: Evidence(NAN, NAN, NAN, 1000),
    "exact NaN": lambda _: exact(NAN),
    "infinite": lambda _: exact(float("inf")),
    "no interval": lambda _: Evidence(1.0, NAN, NAN, 1000),
}


@pytest.mark.parametrize("of", NOT_ENOUGH.values(), ids=NOT_ENOUGH)
def test_a_claim_is_open_where_either_reading_cannot_be_judged(of):
    found = ByArm({"relu": HOLDS}, ["relu", "tanh"])

    def enough(found):
        return found["relu"]

    assert check([claim("A2.1", of)], found) == []
    assert check([claim("A2.1", of, enough)], found) == []
    assert check([claim("A2.1", enough, of)], found) == []
    assert [row["verdict"] for row in check([claim("A2.1", enough, enough)], found)] == ["holds"]


def test_an_open_claim_does_not_hide_the_next():
    found = ByArm({"relu": HOLDS}, ["relu", "tanh"])
    claims = [claim("A2.1", lambda f: f["tanh"]), claim("A2.2", lambda f: f["relu"])]
    assert [row["id"] for row in check(claims, found)] == ["A2.2"]


@pytest.mark.parametrize("wrong", [lambda f: f["rleu"], lambda f: {"accuracy": 1}["acuracy"]])
def test_a_misspelt_arm_or_measure_is_no_open_claim(wrong):
    found = ByArm({"relu": HOLDS}, ["relu", "tanh"])
    with pytest.raises(KeyError):
        check([claim("A2.1", wrong)], found)
    with pytest.raises(KeyError):
        check([claim("A2.1", lambda f: f["relu"], wrong)], found)


def test_a_claim_that_no_article_makes_is_refused():
    with pytest.raises(ValueError, match=r"no article has a claim 'A9\.1'"):
        claim("A9.1", exact)


def test_claims_are_made_by_keywords_only():
    with pytest.raises(TypeError):
        Claim("A2.1", "share", AtLeast(0.9, 0.5), "it.png", exact)
    with pytest.raises(TypeError):
        OtherReading("if not", exact)


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
    (row,) = check([claim("A2.5", lambda _: own, lambda _: other)], None)
    assert (row["verdict"], row["measure"]) == (verdict, measure)


@pytest.mark.parametrize("claim", every_claim(), ids=lambda claim: claim.id)
def test_measures_are_in_sentences_of_under_25_words(claim):
    """However the readings come out."""
    readings = (HOLDS, IN_PART, FAILS)
    for own, other in product(readings, readings):
        measure, _ = replace(claim, rule=AtLeast(0.9, 0.5)).judged(own, other)
        for sentence in re.split(r"(?<=[.;]) ", measure):
            assert len(sentence.split()) < 25, sentence


def test_where_no_chance_plays_a_part_one_case_is_enough():
    (row,) = check([claim("A3.1", exact)], 1.0)
    assert (row["exact"], row["n"], row["verdict"]) == (True, 1, "holds")
