"""Claims of the articles: a measure with its 95 % interval, and a verdict by a rule.

A claim carries its rule, which is thus fixed before a run produces a number. Rules use the whole
interval, not only the value: what a few more networks could change is not settled.

A claim is *open*, and has no row in results.json, where one of its readings cannot be judged:
because an arm that it needs was not run, its value or interval is NaN or infinite, or it is random
and comes from fewer than ``FEWEST`` networks, neurons or pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normlayers.experiments.claims.articles import claim_text
from normlayers.experiments.claims.evidence import Evidence, number
from normlayers.experiments.claims.findings import ArmNotRunError
from normlayers.experiments.claims.rules import AtLeast, AtMost, Between, Verdict

FEWEST = 200


@dataclass(frozen=True, kw_only=True)
class OtherReading:
    """Another meaning of a claim, where the article leaves open which one it intends.

    Attributes:
        measure: what is measured by it, in words.
        evidence: takes the experiment's findings and returns the measure's value.
    """

    measure: str
    evidence: Callable[[Any], Evidence]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of an article, and how it is checked.

    Attributes:
        id: one of ``ARTICLES``' claims, such as ``"A2.4"``.
        measure: what is measured, in words.
        rule: which values make the claim hold.
        figure: file that shows it, under the experiment's log directory.
        evidence: takes the experiment's findings and returns the measure's value.
        other_reading: held to the same rule; a claim that holds by one reading only holds in part.

    Raises:
        ValueError: no article has a claim of this id.
    """

    id: str
    measure: str
    rule: AtLeast | AtMost | Between
    figure: str
    evidence: Callable[[Any], Evidence]
    other_reading: OtherReading | None = None

    def __post_init__(self) -> None:
        claim_text(self.id)

    @property
    def text(self) -> str:
        """What the article says, in short; it stands in ``ARTICLES``."""
        return claim_text(self.id)

    def judged(self, evidence: Evidence, other: Evidence | None = None) -> tuple[str, Verdict]:
        """What was measured, in sentences, and the verdict.

        What makes a claim hold only in part comes first.

        Args:
            evidence: of the measure.
            other: of the other reading; where the claim has none it is not used.
        """
        own = self.rule.verdict(evidence)
        reasons = [self.rule.shortfall(evidence)] if own == "holds in part" else []
        measure = f"{self.measure[0].upper()}{self.measure[1:]}."
        if self.other_reading is None or other is None:
            return " ".join([*reasons, measure]), own
        reading = f"{self.other_reading.measure} ({number(other.value)})."
        others = self.rule.verdict(other)
        if others == own:
            return " ".join([*reasons, measure, f"Another reading agrees: {reading}"]), own
        only = "Only another" if own == "does not hold" else "Another"
        return " ".join([f"{only} reading {others}: {reading}", *reasons, measure]), "holds in part"


def check(claims: Sequence[Claim], findings: Any) -> list[dict[str, Any]]:
    """Rows of results.json's ``claims``.

    Args:
        claims: what to check.
        findings: what their ``evidence`` takes.

    Returns:
        for each claim that is not open its ``id``, ``article``, ``claim`` (the text), ``measure``,
        ``rule``, ``value``, ``ci95`` (low, high), ``n``, ``exact``, ``verdict`` and ``figure``.

    Raises:
        Exception: what computing evidence raises, but for ``ArmNotRunError``.
    """
    rows = []
    for claim in claims:
        readings = [claim.evidence]
        if claim.other_reading is not None:
            readings.append(claim.other_reading.evidence)
        try:
            found = [evidence_of(findings) for evidence_of in readings]
        except ArmNotRunError:
            continue
        if not all(map(_is_enough, found)):
            continue
        evidence = found[0]
        measure, verdict = claim.judged(*found)
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


def _is_enough(evidence: Evidence) -> bool:
    """Whether there are enough cases, or chance plays no part, and all numbers are finite."""
    is_finite = bool(np.isfinite([evidence.value, evidence.low, evidence.high]).all())
    return is_finite and (evidence.exact or evidence.n >= FEWEST)
