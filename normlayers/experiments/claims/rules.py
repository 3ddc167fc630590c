"""The rules for verdicts: which intervals make a claim hold, and which in part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from normlayers.experiments.claims.evidence import Evidence

Verdict = Literal["holds", "holds in part", "does not hold"]


@dataclass(frozen=True)
class AtLeast:
    """Holds if the whole interval is at least ``holds``; in part if its end reaches ``in_part``.

    Example:
        >>> rule = AtLeast(0.9, in_part=0.5)
        >>> rule.verdict(Evidence(0.95, 0.91, 0.98, 300))
        'holds'
        >>> rule.verdict(Evidence(0.95, 0.89, 0.98, 300))
        'holds in part'
        >>> rule.verdict(Evidence(0.1, 0.08, 0.12, 300))
        'does not hold'
    """

    holds: float
    in_part: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """The verdict on a claim with this evidence."""
        if evidence.low >= self.holds:
            return "holds"
        return "holds in part" if evidence.high >= self.in_part else "does not hold"

    def shortfall(self, evidence: Evidence) -> str:
        """Why evidence that holds in part does not hold, in a sentence."""
        return _shortfall(evidence, evidence.high < self.holds, f"under {self.holds:g}")

    def __str__(self) -> str:
        return f"at least {self.holds:g} (in part from {self.in_part:g} on)"


@dataclass(frozen=True)
class AtMost:
    """Holds if the whole interval is at most ``holds``; in part if its start is within ``in_part``.

    Example:
        >>> AtMost(0.05, in_part=0.2).verdict(Evidence(0.3, 0.28, 0.33, 300))
        'does not hold'
    """

    holds: float
    in_part: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """The verdict on a claim with this evidence."""
        if evidence.high <= self.holds:
            return "holds"
        return "holds in part" if evidence.low <= self.in_part else "does not hold"

    def shortfall(self, evidence: Evidence) -> str:
        """Why evidence that holds in part does not hold, in a sentence."""
        return _shortfall(evidence, evidence.low > self.holds, f"over {self.holds:g}")

    def __str__(self) -> str:
        return f"at most {self.holds:g} (in part up to {self.in_part:g})"


@dataclass(frozen=True)
class Between:
    """Holds if the whole interval is within a range; in part if the two overlap.

    Example:
        >>> Between(0.45, 0.55).verdict(Evidence(0.5, 0.49, 0.51, 300))
        'holds'
    """

    least: float
    most: float

    def verdict(self, evidence: Evidence) -> Verdict:
        """The verdict on a claim with this evidence."""
        if self.least <= evidence.low and evidence.high <= self.most:
            return "holds"
        touches = evidence.low <= self.most and evidence.high >= self.least
        return "holds in part" if touches else "does not hold"

    def shortfall(self, evidence: Evidence) -> str:
        """Why evidence that holds in part does not hold, in a sentence."""
        return _shortfall(evidence, False, f"outside of {self.least:g} to {self.most:g}")

    def __str__(self) -> str:
        return f"from {self.least:g} to {self.most:g}"


def _shortfall(evidence: Evidence, all_of_it: bool, where: str) -> str:
    if evidence.exact:
        return f"The value is {where}."
    return f"{'All' if all_of_it else 'Part'} of the 95 % interval is {where}."
