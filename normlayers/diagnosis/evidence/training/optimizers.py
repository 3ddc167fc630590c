"""What an optimizer is set to, and others like it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

Array = npt.NDArray[Any]

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
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
    schedule = getattr(optimizer, "_learning_rate", None)
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return {0: float(ops.convert_to_numpy(optimizer.learning_rate))}
    steps = [0, *(2**power for power in range(18))]
    return {step: float(ops.convert_to_numpy(schedule(step))) for step in steps}


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
