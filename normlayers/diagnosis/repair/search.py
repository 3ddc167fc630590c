"""Which cures help: short trainings of equal length decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from normlayers.diagnosis.evidence.problem import reason
from normlayers.diagnosis.repair.cures.table import BY_RATE, CURES, NEEDED
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.plan import Change, Plan
from normlayers.diagnosis.repair.target import NONE, SHARE_OF_LOSS, Score
from normlayers.diagnosis.repair.training import ShortTraining, Split

# Between candidates that differ by less, or by less than one row held out, chance decides; the one
# that was there first stays.
MARGIN = 0.01
# Of the quality, which is 1 at most: nothing much is left to be won beyond. More has only what is
# compared by a loss that may be negative, of which no best is known.
GOOD_ENOUGH = 0.985
LEFT_OUT = -1
AFRESH = "weights"

# Learning rates that suit most networks of unit scale, by optimizer (Adam's kin for others).
RATES = {"SGD": (0.1, 0.03, 0.01), "Adadelta": (1.0,), "Adagrad": (0.1, 0.03)}
OTHER_RATES = (0.01, 0.003, 0.001)


@dataclass(frozen=True)
class Candidate:
    """What is to be tried.

    Attributes:
        choices: by fault, the number of the cure that is applied; -1 for none.
        rate: the learning rate; ``None`` for the given one.
    """

    choices: Mapping[str, int]
    rate: float | None = None

    def but(self, fault: str, choice: int) -> Candidate:
        """With another cure of a fault."""
        return Candidate({**self.choices, fault: choice}, self.rate)


@dataclass(frozen=True)
class Trial:
    """A candidate that was tried, and how it ended on the rows held out.

    Attributes:
        candidate: what was tried.
        score: how well it predicts.
        changes: what was done to the given model.
        failure: what the training raised, ``""`` for nothing.
    """

    candidate: Candidate
    score: Score
    changes: tuple[Change, ...]
    failure: str = ""


@dataclass
class Search:
    """Tries candidates, and keeps the model of the best.

    Args:
        given: the model to be repaired.
        faults: what is to be cured, with the places of each.
        rows: to train and to compare with.
        epochs: of each short training; ``None``: as many as make equally many steps.
        trials: how many short trainings there are at most.
        seed: of all of them.
        advised: learning rates that the diagnosis found to be better.
    """

    given: Given
    faults: Mapping[str, list[str]]
    rows: Split
    epochs: int | None
    trials: int
    seed: int
    advised: tuple[float, ...] = ()
    done: list[Trial] = field(default_factory=list)
    _training: tuple[Any, ShortTraining] | None = None

    def plan(self, candidate: Candidate) -> Plan:
        """The plan that a candidate means."""
        plan = self.given.plan()
        for fault, cures in CURES.items():
            choice = candidate.choices.get(fault, LEFT_OUT)
            if choice != LEFT_OUT:
                plan = cures[choice](plan, self.given, fault, self.faults[fault]) or plan
        if candidate.choices.get(AFRESH, LEFT_OUT) != LEFT_OUT:
            change = Change(
                "", "", "All weights start afresh.", "They had learned what is no longer of use."
            )
            plan = plan.afresh().changed(change)
        return plan if candidate.rate is None else with_rate(plan, candidate.rate, self.faults)

    def applies(self, fault: str) -> bool:
        """Whether there is anything in the model that a cure of a fault would change."""
        plan, cures = self.given.plan(), CURES.get(fault)
        if not cures:
            return True
        for cure in cures:
            with suppress(Exception):  # one that this model does not take is none
                if cure(plan, self.given, fault, self.faults[fault]) is not None:
                    return True
        return False

    def attempt(self, candidate: Candidate) -> Score:
        """Train and compare; once for each candidate, and for each plan that several mean."""
        changes: tuple[Change, ...] | None = None
        with suppress(Exception):  # raised again, and told, where it is trained
            changes = self.plan(candidate).changes
        for trial in self.done:
            if trial.candidate == candidate or trial.changes == changes:
                return trial.score
        if len(self.done) >= self.trials:
            return NONE
        try:
            training = self._of(candidate)
            score = training.run(candidate.rate)
        except Exception as error:  # a cure that this model does not take is none
            self.done.append(Trial(candidate, NONE, changes or (), reason(error)))
            return NONE
        self.done.append(Trial(candidate, score, changes or (), training.failure))
        return score

    def _of(self, candidate: Candidate) -> ShortTraining:
        """The training of these choices: another rate needs no other, unless it ends a schedule."""
        constant = candidate.rate if self.given.plan().rate is None else None
        key = dict(candidate.choices), constant is None
        if self._training is None or self._training[0] != key:
            plan = self.plan(Candidate(candidate.choices))
            if constant is not None:
                plan = plan.at_rate(constant)
            training = ShortTraining(plan, self.given, self.rows, self.epochs, self.seed)
            self._training = key, training
        return self._training[1]

    @property
    def best(self) -> Trial:
        """The best so far; of those that differ by little the first.

        The given model counts last: what was found to be wrong is cured unless that does harm, or
        ends in nothing that can be scored.
        """
        return self._first_of_the_best([*self._scored, self.done[0]])

    @property
    def _scored(self) -> list[Trial]:
        """The cured ones whose training ran to its end, in numbers."""
        return [trial for trial in self.done[1:] if trial.score > NONE and not trial.failure]

    @property
    def margin(self) -> float:
        """By how much qualities differ where not by chance."""
        return max(MARGIN, (1 - SHARE_OF_LOSS) / len(self.rows.held_x[0]))

    def _first_of_the_best(self, trials: list[Trial]) -> Trial:
        best, *others = trials
        for trial in others:
            if trial.score.quality > best.score.quality + self.margin:
                best = trial
        return best

    def rates(self) -> list[float]:
        """The learning rates to try, the given one aside.

        Only lower or higher ones, where all that is to be cured is that it is too high or too low;
        with other cures, any may suit. None, where the optimizer has no learning rate of its own.
        """
        kind, config = self.given.plan().optimizer
        if "learning_rate" not in config:
            return []
        usual = RATES.get(kind.__name__, OTHER_RATES)
        more = [rate for rate in self.advised if not any(_near(rate, other) for other in usual)]
        rates = sorted([*usual, *more], reverse=True)
        own = self.given.plan().rate
        if own is None:
            return rates
        alone = not any(fault in CURES for fault in self.faults)
        if alone and "learning_rate_too_high" in self.faults:
            return [rate for rate in rates if rate < 0.7 * own] or [own / 10, own / 100]
        if alone and "learning_rate_too_low" in self.faults:
            return [rate for rate in rates if rate > 1.4 * own] or [own * 100, own * 10]
        return [rate for rate in rates if not _near(rate, own)]

    def run(self) -> Trial:
        """Try the cure that each finding names first, then weights, rates and the other cures.

        All start from the best that is cured, though the given model may be better so far: weights
        that were trained with a fault do not fit what it is cured by.
        """
        first = Candidate({fault: 0 for fault in CURES if fault in self.faults})
        rates = self.rates()
        if any(fault in self.faults for fault in BY_RATE) and rates:
            first = Candidate(first.choices, rates[len(rates) // 2])
        self.attempt(first)
        for candidate in self._others(rates):
            if len(self.done) >= self.trials or 1 >= self.best.score.quality >= GOOD_ENOUGH:
                break
            self.attempt(candidate)
        return self.best

    def _others(self, rates: list[float]) -> Iterator[Candidate]:
        """From the best cure so far on, one choice at a time."""
        if self.given.trained:
            yield self._cured.but(AFRESH, 0)
        for rate in rates:
            yield Candidate(self._cured.choices, rate)
        for fault, cures in CURES.items():
            if fault not in self.faults:
                continue
            for choice in range(1, len(cures)):
                yield self._cured.but(fault, choice)
        for fault in self.faults:
            if fault in CURES and fault not in NEEDED:
                yield self._cured.but(fault, LEFT_OUT)

    @property
    def _cured(self) -> Candidate:
        return self._first_of_the_best(self._scored or self.done[1:] or self.done).candidate

    def model_of(self, trial: Trial) -> ShortTraining:
        """The trained model of a candidate."""
        training = self._of(trial.candidate)
        training.run(trial.candidate.rate)
        return training


def _near(rate: float, other: float) -> bool:
    return 0.7 < rate / other < 1.4


def with_rate(plan: Plan, rate: float, faults: Mapping[str, list[str]]) -> Plan:
    """With a learning rate that was chosen by trial."""
    own = plan.rate
    fault = next((fault for fault in BY_RATE if fault in faults), "")
    before = f"the schedule, {plan.schedule}" if own is None else f"{own:.3g}"
    change = Change(
        fault,
        "",
        f"The learning rate is {rate:g} instead of {before}.",
        "With it a short training ended best.",
    )
    return plan.at_rate(rate).changed(change)
