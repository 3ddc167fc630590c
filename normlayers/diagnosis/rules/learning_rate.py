"""Learning rates that this model cannot take on these data, that hardly move it, or that end."""

from __future__ import annotations

from typing import Any

import numpy as np

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.training.first_steps import Training
from normlayers.diagnosis.evidence.training.trials import LONG_STEP, WILD_STEP, Trial
from normlayers.diagnosis.evidence.training.without import LITTLE
from normlayers.diagnosis.finding import Finding

# Part of the loss that a rate must take off in a trial to be called a better one.
LEARNS = 0.05
# How far behind the best lower rate's progress, where steps are long.
FAR_BEHIND = 0.25
# The same where a step is longer than the weights several times over: they are lost in it.
BEHIND = 0.1
# How many times higher the best rate is, and what part of its progress the model's own makes.
TOO_LOW, FAR_TOO_LOW = (100.0, 0.01), (1000.0, 0.002)
# Part of a fresh model's loss that a trained one is below; fresh ones differ among themselves.
LEARNED = 0.4
# Part of an epoch, or of the steps that a model has taken, before which a schedule ends early.
EARLY_IN_EPOCH, EARLY_IN_TRAINING = 0.9, 0.5
# Steps that are too few for any training, however few an epoch has. A cosine trains as half of its
# steps would at the highest rate, and an exponential decay to a thousandth as a seventh.
FEW_STEPS = 40
LITTLE_OF_TRAINING = 0.05
# From here on a rate makes up for something else.
UNUSUAL = 1.0
# Median over layers of |step| / |weights|: about 1e-3 is usual (Stanford's CS231n notes,
# "Babysitting the learning process").
SMALL_STEP = 1e-4


def learning_rate_too_high(evidence: Evidence) -> list[Finding]:
    """At the model's rate the loss does not fall, or explodes; at a lower one it falls."""
    found = _with_trials(evidence)
    own = found.trials[1.0]
    lower = {f: t for f, t in found.trials.items() if f < 1}
    if not lower:
        return []
    _factor, best = max(lower.items(), key=lambda entry: entry[1].progress)
    diverged = own.progress == -np.inf
    if best.progress <= LEARNS and not (diverged and best.progress > 0):
        return []
    least = BEHIND if found.step > WILD_STEP else FAR_BEHIND
    behind = found.step > LONG_STEP and best.progress - own.progress > least
    if own.progress > LITTLE * best.progress and not behind:
        return []
    return [
        Finding(
            "learning_rate_too_high",
            "",
            {**_measured(found, own), "better_rate": best.rate, "better_progress": best.progress},
            "error",
            f"In {own.steps} steps at the learning rate {own.rate:.3g}{_of_schedule(found)} the "
            f"loss {own.course()}; at {best.rate:.3g} it {best.course()}.",
            f"Use a learning rate of about {best.rate:.1g}.",
            True,
        )
    ]


def clipping_too_strong(evidence: Evidence) -> list[Finding]:
    """With clipping the loss hardly falls, as it does at the same rate without."""
    found = evidence.training.clipping
    if found is None or not found.is_little() or found.progress == -np.inf:
        return []
    return [
        Finding(
            "clipping_too_strong",
            "",
            {"left": found.part, "progress": found.progress, "without": found.free},
            "error",
            f"The optimizer's clipping leaves {found.part:.1g} of a gradient's length: in "
            f"{found.steps} steps at the learning rate {found.rate:.3g} the loss {found.course()}; "
            f"without clipping it falls by {found.free:.2%}.",
            "Clip only what is unusually long, such as by clipnorm=1, or do not clip.",
            True,
        )
    ]


def learning_rate_too_low(evidence: Evidence) -> list[Finding]:
    """At the model's rate hardly anything moves; at a much higher one the loss falls."""
    found = _with_trials(evidence)
    if clipping_too_strong(evidence):
        return []  # a rate that makes up for it is none to use
    own = found.trials[1.0]
    if found.highest_rate is not None and found.rate and found.highest_rate > 10 * found.rate:
        return []  # a schedule that warms up
    first = found.initially
    if first is not None and found.now.loss < LEARNED * first.loss:
        return []  # a trained model is to be tuned, or has been trained at a higher rate
    higher = {f: t for f, t in found.trials.items() if f > 1}
    if not higher or own.progress == -np.inf:
        return []
    factor, best = max(higher.items(), key=lambda entry: entry[1].progress)
    if best.progress <= LEARNS:
        return []
    part = max(own.progress, 0.0) / best.progress
    step = found.step
    if factor < TOO_LOW[0] or part > TOO_LOW[1] or step > SMALL_STEP:
        return []
    far = factor >= FAR_TOO_LOW[0] and part <= FAR_TOO_LOW[1]
    return [
        Finding(
            "learning_rate_too_low",
            "",
            {**_measured(found, own), "better_rate": best.rate, "better_progress": best.progress},
            "error" if far else "warning",
            f"In {own.steps} steps at the learning rate {own.rate:.3g} the loss {own.course()}; at "
            f"{best.rate:.3g} it {best.course()}. A step moves weights by {step:.1g} of their "
            "size, where 1e-3 is usual.",
            _cure_of_low(best.rate),
            True,
        )
    ]


def schedule_ends_early(evidence: Evidence) -> list[Finding]:
    """A schedule that trains for less than an epoch, or a few steps; or did for a part of them."""
    found, taken = evidence.training, evidence.subject.steps
    course, rows, batch_size = found.course, evidence.data.rows, evidence.batch_size
    if course is None or (taken and _had_learned(found)):
        return []
    epoch = -(-rows // batch_size)
    early = max(EARLY_IN_EPOCH * epoch, FEW_STEPS)
    little = early / 2
    told = f"an epoch of these {rows:,} rows ends at step {epoch:,}, in batches of {batch_size}"
    if taken:
        early, little = EARLY_IN_TRAINING * taken, LITTLE_OF_TRAINING * taken
        told = f"the model has taken {taken:,} steps"
    if course.end is not None and course.end < early:
        does = f"is from step {course.end:,} on below a thousandth of its highest rate"
    elif course.worth < little:
        does = f"trains no more than {course.worth:.2g} steps would at its highest rate"
    else:
        return []
    return [
        Finding(
            "schedule_ends_early",
            "",
            {
                **{"step": course.end, "worth": course.worth, "taken": taken, "epoch": epoch},
                **{"highest_rate": course.highest, "better_rate": course.highest},
            },
            "warning",
            f"The learning rate's schedule, {course.schedule}, {does}, {course.highest:.3g}; "
            f"{told}.",
            "Count a schedule's steps in batches, not in epochs: all epochs of a training times "
            "the steps of each. Or use a constant rate.",
            True,
        )
    ]


def _had_learned(found: Training) -> bool:
    """Whether a trained model is far below fresh ones, also below what a trial makes of one."""
    first, now = found.initially, found.now.loss
    if first is None or now >= LEARNED * first.loss:
        return False
    tried = found.trials.get(1.0)
    return tried is None or now <= first.loss * (1 - tried.progress)


def _cure_of_low(rate: float) -> str:
    if rate < UNUSUAL:
        return f"Use a learning rate of about {rate:.1g}."
    return (
        "Bring inputs, targets and initial weights to a size of about 1 first, for only a rate of "
        f"{rate:.1g} moves them as they are; then raise the rate as far as the loss still falls."
    )


def _with_trials(evidence: Evidence) -> Training:
    found = evidence.training
    if not found.trials:
        raise CannotCheckError("the learning rate is 0")
    return found


def _of_schedule(found: Training) -> str:
    return ", which its schedule warms up to," if found.warms_up else ""


def _measured(found: Training, own: Trial) -> dict[str, Any]:
    progress = None if own.progress == -np.inf else own.progress
    return {"rate": own.rate, "progress": progress, "steps": own.steps, "step": found.step}
