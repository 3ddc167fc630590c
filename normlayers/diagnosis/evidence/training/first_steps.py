"""Gradients and steps where training begins, and what trials of it show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.training.flow import Flow
from normlayers.diagnosis.evidence.training.optimizers import Course
from normlayers.diagnosis.evidence.training.program import State, TrainingProgram
from normlayers.diagnosis.evidence.training.trials import (
    MEASURED,
    Batches,
    Trial,
    Trials,
    at_rates,
    moved_by,
)
from normlayers.diagnosis.evidence.training.without import (
    USUAL_DROPOUT,
    Without,
    without_clipping,
    without_dropout,
    without_penalty,
)
from normlayers.tracking.reading.input_summary import is_matrix

Array = npt.NDArray[Any]


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
        course: of a schedule, how long it trains or has trained.
        trials: by factor of ``rate``, in the order they were run; empty without a rate. They begin
            with freshly initialized weights where those are known.
        penalty: without regularizers; ``None`` where they are none, or little of the
            loss.
        clipping: without clipping; ``None`` where gradients are not clipped, or hardly.
        dropout: without dropouts; ``None`` where none has an unusual rate.
    """

    now: Flow
    initially: Flow | None
    step: float
    rate: float | None
    highest_rate: float | None
    warms_up: bool = False
    course: Course | None = None
    trials: dict[float, Trial] = field(default_factory=dict)
    penalty: Without | None = None
    clipping: Without | None = None
    dropout: Without | None = None


def training(
    make: Callable[..., TrainingProgram],
    model: keras.Model,
    values: list[Array],
    initial: list[Array] | None,
    take: Callable[[Array], tuple[Any, Any]],
    rows: int,
    batch_size: int,
    seed: int,
) -> Training:
    """Measure gradients and steps, and try learning rates.

    Args:
        make: makes the model's program, with options of ``TrainingProgram``.
        model: which it runs.
        values: of the model's variables.
        initial: of the model's variables, where trials begin; ``None`` for ``values``.
        take: inputs and targets of some rows.
        rows: how many there are.
        batch_size: of training.
        seed: of the choice of batches.
    """
    program = make()
    batches = Batches(take, rows, min(batch_size, rows), seed)
    now, flow, step = _measured(program, model, values, batches)
    start, before, initially = now, flow.loss, None
    if initial is not None:
        start, initially, step = _measured(program, model, initial, batches)
        before = initially.loss
    rate, highest = program.rate, program.highest_rate
    found = Training(flow, initially, step, rate, highest, program.warms_up, program.course)
    if not program.rate:
        return found
    trials = Trials(program, start, batches)
    penalty = clipping = dropout = None
    if program.drops > USUAL_DROPOUT:  # whose noise may be more than what a trial learns
        whole = make(dropping=False)
        at_first = trials.first_loss(whole)
        by_factor = at_rates(trials, at_first, step, measured_by=whole)
        dropout = without_dropout(trials, whole, at_first)
    else:
        by_factor = at_rates(trials, before, step)
    if program.has_penalty:
        penalty = without_penalty(trials, make(penalized=False), before)
    if program.clips:
        clipping = without_clipping(trials, partial(make, clipped=False), initially or flow)
    found = replace(found, trials=by_factor, penalty=penalty, clipping=clipping, dropout=dropout)
    last = by_factor[1.0].gradients
    if initially is None:
        return replace(found, now=flow.at_best(last))
    return replace(found, initially=initially.at_best(last))


def _measured(
    program: TrainingProgram, model: keras.Model, values: list[Array], batches: Batches
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
        np.array(list(map(is_matrix, model.trainable_variables))),
        float(np.mean([step.loss for step in measured])),
        np.median([step.gradients for step in measured], axis=0),
        np.zeros(len(lengths)),
        np.array(lengths),
        program.limits,
    ).at_best(after.gradients)
    moved = moved_by(state, measured[0].state)[flow.chosen]
    return state, flow, float(np.median(moved / flow.weights[flow.chosen])) if len(moved) else 0.0
