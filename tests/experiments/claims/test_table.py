"""Tables of claims."""

import numpy as np

from normlayers.experiments.claims.claim import Claim, check
from normlayers.experiments.claims.evidence import exact, share
from normlayers.experiments.claims.rules import AtLeast
from normlayers.experiments.claims.table import claims_markdown, claims_table


def claim(name, evidence):
    return Claim(
        id=name, measure="share of it", rule=AtLeast(0.9, in_part=0.5), figure="it.png",
        evidence=evidence,
    )  # fmt: skip


def test_tables_show_every_row():
    rows = check([claim("A2.1", lambda f: share(f))], np.ones(300, bool))
    assert claims_table(rows).row_count == 1
    text = claims_markdown(rows)
    assert "**A2.1** Without a hidden activation the network is a logistic regression." in text
    assert "1.000 [0.988, 1.000]" in text
    assert "**holds**" in text


def test_an_exact_claim_has_no_interval_and_no_number_of_cases():
    text = claims_markdown(check([claim("A3.1", exact)], 1.0))
    assert "| 1.000 |" in text
    assert "| exact |" in text


def test_claims_that_are_open_are_named():
    text = claims_markdown(check([claim("A1.2", exact)], 1.0))
    assert "Open, not checked: A1.1, A1.3, A1.4, A1.5, A1.6." in text
