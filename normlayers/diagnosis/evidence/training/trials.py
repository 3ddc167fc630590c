"""Short trial trainings, and their batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.training.program import State, TrainingProgram

Array = npt.NDArray[Any]

# Steps of a trial, and batches its loss is measured on before and after.
STEPS, MEASURED = 40, 4
# Multiplications and additions that a trial may take about; larger models take fewer steps.
WORK, FEWEST_STEPS = 3e9, 12
# So do those of many variables, which are handed over at every step.
VARIABLES = 3_000
# A rate that lowers the loss by so much in a trial is taken to be right, and no other is tried.
GOOD_PROGRESS = 0.1
# ... unless a step moves weights by more than this part of their length, and it ends above this.
LONG_STEP, WELL = 0.5, 0.8
# The same of a step that is longer than the weights several times over.
WILD_STEP, VERY_WELL = 3.0, 0.95
FACTORS_DOWN = (0.1, 0.01, 0.001, 0.0001)
# Of a rate so high that none of those is one at which networks learn, these are tried as well.
USUAL_RATES = (0.1, 0.01, 0.001)
FACTORS_UP = (10.0, 100.0, 1e3, 1e4, 1e6)


@dataclass(frozen=True)
class Trial:
    """A short training.

    Attributes:
        rate: its learning rate.
        progress: by how much the loss fell, as a share of what it was; negative where it rose,
            ``-inf`` where it became NaN or infinite.
        steps: how many it took.
        gradients: of each variable in the last step, its gradient's length.
    """

    rate: float
    progress: float
    steps: int
    gradients: Array

    def course(self) -> str:
        """What the loss does, in words."""
        return in_words(self.progress)


def in_words(progress: float) -> str:
    """What a loss does in a trial, in words.

    Example:
        >>> in_words(0.25), in_words(-20.0)
        ('falls by 25.00%', 'rises by 20 of what it was')
    """
    if not np.isfinite(progress):
        return "becomes NaN or infinite"
    if progress < 0:
        return f"rises by {-progress:.2g} of what it was"
    return f"falls by {progress:.2%}"


class Batches:
    """The same shuffled batches, all of one size, for every trial.

    Args:
        take: inputs and targets of some rows.
        rows: how many there are.
        size: of a batch.
        seed: of their order.
    """

    def __init__(
        self, take: Callable[[Array], tuple[Any, Any]], rows: int, size: int, seed: int
    ) -> None:
        self.size = size
        self._take, self._rows = take, rows
        generator = np.random.default_rng(seed)
        passes = -(-STEPS * size // rows) + 1
        orders = [generator.permutation(rows)[: rows // size * size] for _ in range(passes)]
        self._order = np.concatenate(orders)
        self._taken: dict[int, tuple[Any, Any]] = {}

    def batch(self, number: int) -> tuple[Any, Any]:
        """Inputs and targets of one; after the last comes the first."""
        count = len(self._order) // self.size
        number %= count
        if number not in self._taken:
            chosen = self._order[number * self.size : (number + 1) * self.size]
            self._taken[number] = self._take(chosen)
        return self._taken[number]

    def first(self, count: int) -> list[tuple[Any, Any]]:
        """So many, or all of one pass."""
        return [self.batch(i) for i in range(min(count, max(1, self._rows // self.size)))]


def moved_by(before: State, after: State) -> Array:
    """How far each trained variable is from where it was."""
    pairs = zip(before.trained, after.trained, strict=True)
    numbers = ((np.asarray(ops.convert_to_numpy(v), float) for v in pair) for pair in pairs)
    return np.array([np.linalg.norm(now - then) for then, now in numbers])


class Trials:
    """Short trainings from one start, by the same batches; each is run once.

    Args:
        program: of the model.
        start: where they begin.
        batches: of training.
    """

    def __init__(self, program: TrainingProgram, start: State, batches: Batches) -> None:
        self.program, self._start, self._batches = program, start, batches
        self.steps = _steps_of(program, batches.size)
        self._done: dict[tuple[Any, ...], Trial] = {}

    def first_loss(self, program: TrainingProgram, at_zero: bool = False) -> float:
        """The loss by a program at the start, or of regularized weights that are 0 instead."""
        return self._loss(program, program.at_zero(self._start) if at_zero else self._start)

    def at(
        self,
        rate: float,
        before: float,
        by: TrainingProgram | None = None,
        measured_by: TrainingProgram | None = None,
        steps: int = 0,
    ) -> Trial:
        """Train at a learning rate.

        Args:
            rate: the learning rate.
            before: the loss at the start.
            by: what trains, by default the model's program.
            measured_by: what ``before`` and the loss at the end are of, by default ``by``.
            steps: by default ``steps``.
        """
        by = by or self.program
        asked = rate, before, by, measured_by or by, steps or self.steps
        if asked not in self._done:
            self._done[asked] = self._run(*asked)
        return self._done[asked]

    def _run(
        self,
        rate: float,
        before: float,
        by: TrainingProgram,
        measured_by: TrainingProgram,
        steps: int,
    ) -> Trial:
        state = by.at_rate(self._start, rate)
        for number in range(steps):
            if by.warms_up:  # as the schedule does, in half of the trial
                state = by.at_rate(state, rate * min(1.0, 2 * (number + 1) / steps))
            step = by.step(state, *self._batches.batch(number))
            if not np.isfinite(step.loss):
                return Trial(rate, -np.inf, number + 1, step.gradients)
            state = step.state
        after = self._loss(measured_by, state)
        if not np.isfinite([before, after]).all():
            return Trial(rate, -np.inf, steps, step.gradients)
        # A loss may be negative, or 0.
        return Trial(rate, (before - after) / max(abs(before), 1e-12), steps, step.gradients)

    def _loss(self, program: TrainingProgram, state: State) -> float:
        """Mean over the same few batches."""
        return float(np.mean([program.step(state, *b).loss for b in self._batches.first(MEASURED)]))


def at_rates(
    trials: Trials, before: float, moved: float, measured_by: TrainingProgram | None = None
) -> dict[float, Trial]:
    """At the model's own rate, and unless that does well, at others: downwards and upwards.

    A lower one is called better after ``STEPS`` steps only, whatever they cost.

    Args:
        trials: of the model.
        before: the loss at their start.
        moved: how far a step moves weights, of their length.
        measured_by: as for ``Trials.at``.
    """
    rate = trials.program.rate
    at = partial(trials.at, before=before, measured_by=measured_by)
    own = at(rate)
    found = {1.0: own}
    factors: tuple[float, ...]
    if own.progress > GOOD_PROGRESS:
        # Steps as long as the weights may do well at first, and never settle.
        well = VERY_WELL if moved > WILD_STEP else WELL
        factors = FACTORS_DOWN[:2] if moved > LONG_STEP and own.progress < well else ()
    elif own.progress > 0:
        factors = (*FACTORS_UP, *FACTORS_DOWN[:2])
    else:
        beyond = rate * FACTORS_DOWN[-1] > USUAL_RATES[0]
        usual = (each / rate for each in USUAL_RATES if beyond)
        factors = (*FACTORS_DOWN, *usual, *FACTORS_UP)
    for factor in factors:
        one = at(factor * rate)
        found[factor] = one
        best = max(t.progress for t in found.values())
        if best > 3 * GOOD_PROGRESS or one.progress < best > GOOD_PROGRESS:
            break  # at or past a rate that does well
    factor, best_trial = max(found.items(), key=lambda entry: entry[1].progress)
    if trials.steps < STEPS and factor < 1 and np.isfinite(own.progress):
        # A loss may rise in the first steps and fall in the next: long trials decide.
        return {f: at(t.rate, steps=STEPS) for f, t in ((1.0, own), (factor, best_trial))}
    return found


def _steps_of(program: TrainingProgram, batch: int) -> int:
    """How many steps a trial takes, in batches of so many rows."""
    work = 6.0 * sum(program.sizes) * batch
    most = min(WORK / max(1.0, work), VARIABLES / len(program.sizes))
    return int(np.clip(most, FEWEST_STEPS, STEPS))
