"""Rules: which intervals make a claim hold, which in part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normlayers.experiments.claims.evidence import Evidence, exact
from normlayers.experiments.claims.rules import AtLeast, AtMost, Between

# Eighths, which are exact, so that an end of an interval often is a rule's bound.
EIGHTHS = st.tuples(*[st.integers(0, 8).map(lambda n: n / 8)] * 2).map(sorted)


@given(EIGHTHS, EIGHTHS)
def test_rules_use_the_whole_interval(interval, bounds):
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
