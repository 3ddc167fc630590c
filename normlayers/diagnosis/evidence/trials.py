"""Gradients, steps, and short trial trainings at several learning rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.flow import Flow
from normlayers.diagnosis.evidence.training_program import State, TrainingProgram

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
# Regularizers of a smaller part of the loss at first are not tried without.
SMALL_PENALTY = 0.1
FACTORS_DOWN = (0.1, 0.01, 0.001, 0.0001)
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


@dataclass(frozen=True)
class Penalty:
    """What the weights' regularizers do to training.

    Attributes:
        share: of the loss at first, which part they are.
        progress: in the trial at the model's rate, by how much the loss without them fell;
            ``-inf`` where it became NaN or infinite.
        free: the same in a trial without them.
        steps: of a trial.
    """

    share: float
    progress: float
    free: float
    steps: int


@dataclass(frozen=True)
class Training:
    """What the first steps of training are like.

    Attributes:
        now: gradients with the weights that the model has.
        initially: with freshly initialized ones; ``None`` where the model has those, or where they
            are not known.
        step: median over the matrices of how far the first step moves one, of its length; from
            where trials begin.
        rate: the learning rate; of a schedule, the highest that it soon comes to.
        highest_rate: of a schedule, the highest.
        warms_up: whether it is a schedule that begins lower.
        trials: by factor of ``rate``, in the order they were run; empty without a rate. They begin
            with freshly initialized weights where those are known.
        penalty: of regularizers; ``None`` without any, and of those that are little of the loss.
    """

    now: Flow
    initially: Flow | None
    step: float
    rate: float | None
    highest_rate: float | None
    warms_up: bool = False
    trials: dict[float, Trial] = field(default_factory=dict)
    penalty: Penalty | None = None


def training(
    program: TrainingProgram,
    model: keras.Model,
    values: list[Array],
    initial: list[Array] | None,
    take: Callable[[Array], tuple[Any, Any]],
    rows: int,
    batch_size: int,
    seed: int,
    free: TrainingProgram | None = None,
) -> Training:
    """Measure gradients and steps, and try learning rates.

    Args:
        program: of the model.
        model: which it runs.
        values: of the model's variables.
        initial: of the model's variables, where trials begin; ``None`` for ``values``.
        take: inputs and targets of some rows.
        rows: how many there are.
        batch_size: of training.
        seed: of the choice of batches.
        free: the program without the weights' regularizers; ``None`` where there are none.
    """
    batches = _Batches(take, rows, min(batch_size, rows), seed)
    now, flow, step = _measured(program, model, values, batches)
    start, before, initially = now, flow.loss, None
    if initial is not None:
        start, initially, step = _measured(program, model, initial, batches)
        before = initially.loss
    found = Training(flow, initially, step, program.rate, program.highest_rate, program.warms_up)
    if not program.rate:
        return found
    steps = _steps(program, batches.size)
    trials = _trials(program, start, batches, steps, before, step)
    penalty = _penalty(program, free, start, batches, steps, before) if free else None
    found = replace(found, trials=trials, penalty=penalty)
    last = trials[1.0].gradients
    if initially is None:
        return replace(found, now=flow.at_best(last))
    return replace(found, initially=initially.at_best(last))


def _measured(
    program: TrainingProgram, model: keras.Model, values: list[Array], batches: _Batches
) -> tuple[State, Flow, float]:
    """The state that training begins with, its gradients, and how far a step goes."""
    state = program.begin(values)
    measured = [program.step(state, *batch) for batch in batches.first(MEASURED)]
    after = program.step(measured[0].state, *batches.batch(1))
    value_of = {id(v): value for v, value in zip(model.variables, values, strict=True)}
    lengths = [
        np.linalg.norm(np.asarray(value_of[id(v)], float)) for v in model.trainable_variables
    ]
    flow = Flow(
        [variable.path.removeprefix(f"{model.name}/") for variable in model.trainable_variables],
        np.array([len(variable.shape) > 1 for variable in model.trainable_variables]),
        float(np.mean([step.loss for step in measured])),
        np.median([step.gradients for step in measured], axis=0),
        np.zeros(len(lengths)),
        np.array(lengths),
        program.limits,
    ).at_best(after.gradients)
    moved = _moved(state, measured[0].state)[flow.chosen]
    return state, flow, float(np.median(moved / flow.weights[flow.chosen])) if len(moved) else 0.0


class _Batches:
    """The same shuffled batches, all of one size, for every trial."""

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
        count = len(self._order) // self.size
        number %= count
        if number not in self._taken:
            chosen = self._order[number * self.size : (number + 1) * self.size]
            self._taken[number] = self._take(chosen)
        return self._taken[number]

    def first(self, count: int) -> list[tuple[Any, Any]]:
        return [self.batch(i) for i in range(min(count, max(1, self._rows // self.size)))]


def _steps(program: TrainingProgram, batch: int) -> int:
    work = 6.0 * sum(program.sizes) * batch
    most = min(WORK / max(1.0, work), VARIABLES / len(program.sizes))
    return int(np.clip(most, FEWEST_STEPS, STEPS))


def _moved(before: State, after: State) -> Array:
    """How far each trained variable is from where it was."""
    pairs = zip(before.trained, after.trained, strict=True)
    numbers = ((np.asarray(ops.convert_to_numpy(v), float) for v in pair) for pair in pairs)
    return np.array([np.linalg.norm(now - then) for then, now in numbers])


def _trials(
    program: TrainingProgram,
    start: State,
    batches: _Batches,
    steps: int,
    before: float,
    moved: float,
) -> dict[float, Trial]:
    """At the model's own rate, and unless that does well, at others: downwards and upwards.

    A lower one is called better after ``STEPS`` steps only, whatever they cost.
    """
    own = _trial(program, start, batches, steps, before, program.rate or 0.0)
    trials = {1.0: own}
    factors: tuple[float, ...]
    if own.progress > GOOD_PROGRESS:
        # Steps as long as the weights may do well at first, and never settle.
        well = VERY_WELL if moved > WILD_STEP else WELL
        factors = FACTORS_DOWN[:2] if moved > LONG_STEP and own.progress < well else ()
    elif own.progress > 0:
        factors = (*FACTORS_UP, *FACTORS_DOWN[:2])
    else:
        factors = (*FACTORS_DOWN, *FACTORS_UP)
    for factor in factors:
        trial = _trial(program, start, batches, steps, before, factor * (program.rate or 0.0))
        trials[factor] = trial
        best = max(t.progress for t in trials.values())
        if best > 3 * GOOD_PROGRESS or trial.progress < best > GOOD_PROGRESS:
            break  # at or past a rate that does well
    factor, best_trial = max(trials.items(), key=lambda entry: entry[1].progress)
    if steps < STEPS and factor < 1 and np.isfinite(own.progress):
        # A loss may rise in the first steps and fall in the next: long trials decide.
        return {
            f: _trial(program, start, batches, STEPS, before, t.rate)
            for f, t in ((1.0, own), (factor, best_trial))
        }
    return trials


def _loss(program: TrainingProgram, state: State, batches: _Batches) -> float:
    """Mean over the same few batches."""
    return float(np.mean([program.step(state, *b).loss for b in batches.first(MEASURED)]))


def _penalty(
    program: TrainingProgram,
    free: TrainingProgram,
    start: State,
    batches: _Batches,
    steps: int,
    before: float,
) -> Penalty | None:
    """The loss without regularizers in a trial with them, and in one without."""
    at_first = _loss(free, start, batches)
    share = (before - at_first) / max(abs(before), 1e-12)
    if not share > SMALL_PENALTY:
        return None
    rate = program.rate or 0.0
    progress, alone = (
        _trial(trained_by, start, batches, steps, at_first, rate, measured_by=free).progress
        for trained_by in (program, free)
    )
    return Penalty(share, progress, alone, steps)


def _trial(
    program: TrainingProgram,
    start: State,
    batches: _Batches,
    steps: int,
    before: float,
    rate: float,
    measured_by: TrainingProgram | None = None,
) -> Trial:
    """Train by one program; ``before`` and the loss after are those of ``measured_by``, or its."""
    state = program.at_rate(start, rate)
    for number in range(steps):
        if program.warms_up:  # as the schedule does, in half of the trial
            state = program.at_rate(state, rate * min(1.0, 2 * (number + 1) / steps))
        step = program.step(state, *batches.batch(number))
        if not np.isfinite(step.loss):
            return Trial(rate, -np.inf, number + 1, step.gradients)
        state = step.state
    after = _loss(measured_by or program, state, batches)
    if not np.isfinite([before, after]).all():
        return Trial(rate, -np.inf, steps, step.gradients)
    # A loss may be negative, or 0.
    return Trial(rate, (before - after) / max(abs(before), 1e-12), steps, step.gradients)
