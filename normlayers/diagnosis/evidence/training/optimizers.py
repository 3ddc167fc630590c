"""What an optimizer is set to, and others like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

Array = npt.NDArray[Any]

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
# Of a schedule's highest rate, what trains next to nothing; a rate of 1e-3 of it is above this.
NOTHING = 1e-3 * (1 - 1e-5)
# Whose step for a number depends on that number, its gradients and the step's count alone.
NUMBER_BY_NUMBER = (
    keras.optimizers.SGD,
    keras.optimizers.RMSprop,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Adadelta,
    keras.optimizers.Adagrad,
    keras.optimizers.Adamax,
    keras.optimizers.Nadam,
    keras.optimizers.Ftrl,
    keras.optimizers.Lion,
)


def _unscaled(optimizer: Any) -> Any:
    """An optimizer without a scaling of the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def has_rate(optimizer: Any) -> bool:
    """Whether an optimizer has one learning rate, as Keras's ``MultiOptimizer`` has not."""
    return "learning_rate" in _unscaled(optimizer).get_config()


def rates(optimizer: Any) -> dict[int, float]:
    """The learning rate by step; of a constant one that of step 0."""
    optimizer = _unscaled(optimizer)
    schedule = _schedule(optimizer)
    if schedule is None:
        return {0: float(ops.convert_to_numpy(optimizer.learning_rate))}
    return {step: _rate(schedule, step) for step in (0, *(2**power for power in range(18)))}


@dataclass(frozen=True)
class Course:
    """How long a learning-rate schedule trains.

    Attributes:
        schedule: the name of its class.
        highest: its highest rate.
        end: the first step from which on its rate stays below ``NOTHING`` of that; ``None`` where
            it does not.
        worth: to how many steps at the highest rate among them all its steps, or those before
            ``taken``, add up.
    """

    schedule: str
    highest: float
    end: int | None
    worth: float


def course(optimizer: Any, taken: int = 0) -> Course | None:
    """The course of an optimizer's schedule; ``None`` of a constant rate.

    Args:
        optimizer: of a compiled model.
        taken: steps that have been taken; 0 for all that are to come.

    Example:
        >>> schedule = keras.optimizers.schedules.PiecewiseConstantDecay([300], [0.1, 1e-9])
        >>> course(keras.optimizers.SGD(schedule)).end
        301
    """
    schedule = _schedule(_unscaled(optimizer))
    if schedule is None:
        return None
    by_step = rates(optimizer)
    highest = max(by_step.values())
    if not highest > 0:
        return None
    stretches = _stretches(taken or max(by_step))
    found = np.array([_rate(schedule, (first + last) // 2) for first, last in stretches])
    lengths = [last - first for first, last in stretches]
    worth = float(np.dot(lengths, found) / max(found.max(), np.finfo(float).tiny))
    end = _end(schedule, by_step, NOTHING * highest)
    return Course(type(schedule).__name__, highest, end, worth)


def _end(schedule: Any, by_step: dict[int, float], least: float) -> int | None:
    low = max(step for step, rate in by_step.items() if rate >= least)
    later = [step for step in by_step if step > low]
    if not later:
        return None
    high = min(later)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _rate(schedule, middle) >= least else (low, middle)
    return high


def _stretches(steps: int) -> list[tuple[int, int]]:
    """Steps in stretches of one each at first, and of an eighth of what lies before."""
    found = [(0, 1)]
    while (first := found[-1][1]) < steps:
        found.append((first, min(steps, first + max(1, first // 8))))
    return found


def _schedule(optimizer: Any) -> Any:
    schedule = getattr(optimizer, "_learning_rate", None)
    known = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    return schedule if known else None


def _rate(schedule: Any, step: int) -> float:
    return float(ops.convert_to_numpy(schedule(step)))


def optimizer_like(optimizer: Any, rate: float, clipped: bool) -> Any:
    """An optimizer of the same kind with a constant learning rate, that may clip no gradient."""
    optimizer = _unscaled(optimizer)
    config = {**optimizer.get_config(), "learning_rate": rate}
    # Every step of a trial is one of the optimizer's.
    left_out = ("gradient_accumulation_steps", *(() if clipped else CLIPPING))
    config |= {name: None for name in left_out if config.get(name) is not None}
    return type(optimizer).from_config(config)


def limits(optimizer: Any, sizes: list[int]) -> Array:
    """Of variables of these sizes the longest clipped gradients; infinite without clipping."""
    longest = np.full(len(sizes), np.inf)
    for norm in (optimizer.clipnorm, optimizer.global_clipnorm):
        longest = longest if norm is None else np.minimum(longest, norm)
    if optimizer.clipvalue is not None:
        longest = np.minimum(longest, optimizer.clipvalue * np.sqrt(sizes))
    return longest


def clips(optimizer: Any) -> bool:
    """Whether an optimizer clips gradients."""
    return any(getattr(_unscaled(optimizer), name, None) is not None for name in CLIPPING)


def may_be_one(optimizer: Any) -> bool:
    """Whether an optimizer does to one vector what it does to the variables that it is made of.

    Not where it clips the gradient of each variable by that one's norm.
    """
    optimizer = _unscaled(optimizer)
    return type(optimizer) in NUMBER_BY_NUMBER and optimizer.clipnorm is None
