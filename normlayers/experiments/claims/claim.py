"""What the articles claim, checked: a named measure, its 95 % interval, and a verdict by a rule.

A claim carries its rule, which is thus fixed before a run finds a number. Rules look at the
interval, not at the value: what a few networks more could turn is not settled. Where chance plays
a part and fewer than ``FEWEST`` networks or neurons were looked at, a claim is left open: it has no
row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlayers.experiments.claims.evidence import Evidence, number
from normlayers.experiments.claims.rules import AtLeast, AtMost, Between, Verdict

FEWEST = 200


@dataclass(frozen=True)
class Claim:
    """What an article says, and how it is checked.

    Attributes:
        id: such as ``"A2.4"``.
        text: the claim in short.
        measure: what is measured, in words.
        rule: which values make it hold.
        figure: file that shows it, under the experiment's log directory.
        evidence: takes the experiment's findings and returns the measure's value.
        other_reading: where the article leaves open what it means: the other meaning in words, and
            the measure's value by it. A claim that holds by one meaning only holds in part.
    """

    id: str
    text: str
    measure: str
    rule: AtLeast | AtMost | Between
    figure: str
    evidence: Callable[[Any], Evidence]
    other_reading: tuple[str, Callable[[Any], Evidence]] | None = None

    def judged(self, evidence: Evidence, findings: Any) -> tuple[str, Verdict]:
        """What was measured, in sentences, and the verdict.

        What makes a claim hold only in part comes first.
        """
        own = self.rule.verdict(evidence)
        reasons = [self.rule.shortfall(evidence)] if own == "holds in part" else []
        measure = f"{self.measure[0].upper()}{self.measure[1:]}."
        if self.other_reading is None:
            return " ".join([*reasons, measure]), own
        words, other = self.other_reading[0], self.other_reading[1](findings)
        told = f"{words} ({number(other.value)})."
        others = self.rule.verdict(other)
        if others == own:
            return " ".join([*reasons, measure, f"Another reading agrees: {told}"]), own
        only = "Only another" if own == "does not hold" else "Another"
        return " ".join([f"{only} reading {others}: {told}", *reasons, measure]), "holds in part"


def check(claims: Sequence[Claim], findings: Any) -> list[dict[str, Any]]:
    """Rows of results.json's ``claims``; see DESIGN.md.

    Args:
        claims: what to check.
        findings: what their ``evidence`` takes.

    Returns:
        a row a claim, with the rule in words too (``rule``). A claim whose arms were not run (its
        evidence raises ``KeyError``), or of which fewer than ``FEWEST`` were seen, has none.
    """
    rows = []
    for claim in claims:
        try:
            evidence = claim.evidence(findings)
        except KeyError:
            continue
        if (evidence.n < FEWEST and not evidence.exact) or not np.isfinite(evidence.value):
            continue
        measure, verdict = claim.judged(evidence, findings)
        rows.append(
            {
                "id": claim.id,
                "article": claim.id.split(".")[0],
                "claim": claim.text,
                "measure": measure,
                "rule": str(claim.rule),
                "value": evidence.value,
                "ci95": [evidence.low, evidence.high],
                "n": evidence.n,
                "exact": evidence.exact,
                "verdict": verdict,
                "figure": claim.figure,
            }
        )
    return rows
