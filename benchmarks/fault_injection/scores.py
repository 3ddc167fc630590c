"""Recall and precision per fault, false alarms, and what was taken for what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.fault_injection.cases import FAULTS, Case
from benchmarks.fault_injection.diagnosing import Outcome

INPUTS_AND_TARGETS = FAULTS[: FAULTS.index("labels_do_not_fit_output") + 1]
Results = list[tuple[Case, Outcome]]


@dataclass
class FaultScore:
    """How well one fault is reported.

    Attributes:
        cases: how many have it.
        right: those in which it was reported, not as what follows from another.
        under: those in which it was reported as what follows from another.
        wrong: cases that do not have it and in which it was reported.
        instead: what was reported where it was not, by number.
    """

    cases: int = 0
    right: int = 0
    under: int = 0
    wrong: int = 0
    missed: list[str] = field(default_factory=list)
    wrongly: list[str] = field(default_factory=list)
    instead: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.right / self.cases if self.cases else float("nan")

    @property
    def precision(self) -> float:
        reported = self.right + self.wrong
        return self.right / reported if reported else float("nan")


def fault_scores(results: Results) -> dict[str, FaultScore]:
    """The score of each fault; healthy cases count among those that do not have it."""
    scores = {fault: FaultScore() for fault in FAULTS}
    for case, outcome in results:
        found = outcome.get("found", {})
        if case.fault:
            score = scores[case.fault]
            score.cases += 1
            if case.fault in found:
                score.right += 1
            else:
                score.under += case.fault in outcome.get("under", [])
                score.missed.append(case.name)
                score.instead.update(list(found) or [outcome.get("error", "nothing")])
        for fault in set(found) - case.allowed() - {case.fault}:
            wrong = scores.setdefault(fault, FaultScore())
            wrong.wrong += 1
            wrong.wrongly.append(case.name)
    return scores


def false_alarms(results: Results) -> tuple[int, int, int]:
    """Healthy cases; those with an error reported; those with an error or a warning."""
    severities = [
        {severity for fault, severity in outcome.get("found", {}).items()
         if fault not in case.allowed()}
        for case, outcome in results
        if not case.fault
    ]  # fmt: skip
    errors = sum("error" in found for found in severities)
    return len(severities), errors, sum(bool(found & {"error", "warning"}) for found in severities)


def umlaut_score(results: Results) -> FaultScore:
    """UMLAUT's rule on inputs, for faults of scale and centre."""
    score = FaultScore()
    for case, outcome in results:
        faulty = case.fault in ("inputs_not_scaled", "inputs_not_centred")
        score.cases += faulty
        score.right += faulty and outcome.get("umlaut", False)
        score.wrong += not case.fault and outcome.get("umlaut", False)
    return score
