"""Faults of neurons, of gradients and steps, and of batch normalization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from benchmarks.fault_injection.families import Family
from benchmarks.fault_injection.injection import (
    FRESH,
    TRAINED,
    Change,
    Injection,
    can_be_normalized,
    has_kernel,
    injection,
    is_dense,
    is_plain,
    normalized,
    recipe_change,
)
from benchmarks.fault_injection.situation import Situation

Random = np.random.Generator
FLOW = "vanishing_gradients exploding_gradients"
STATES = "dead_neurons always_on_neurons saturated_neurons duplicate_neurons"


def _rectified(family: Family) -> bool:
    return has_kernel(family) and family.recipe.activation == "relu"


def _squashing(family: Family) -> bool:
    return has_kernel(family) and family.recipe.activation in ("tanh", "sigmoid")


def _several_dense(family: Family) -> bool:
    return is_dense(family) and has_kernel(family) and len(family.recipe.widths) > 1


def _single_input_dense(family: Family) -> bool:
    return is_dense(family) and not family.recipe.normalization


def _normalizable_dense(family: Family) -> bool:
    """An image has many values a channel, even alone."""
    return is_dense(family) and can_be_normalized(family)


def _normal(deviation: float) -> Any:
    return keras.initializers.RandomNormal(stddev=deviation)


def _constant(*values: float) -> Any:
    return lambda random: keras.initializers.Constant(float(random.choice(values)))


def _all_equal(random: Random) -> Any:
    return (
        str(random.choice(["zeros", "ones"])) if random.random() < 0.5 else _constant(0.1)(random)
    )


def _learning_rate(low: float, high: float) -> Change:
    """The recipe's, times ten to such a power."""

    def change(situation: Situation, random: Random) -> Situation:
        factor = 10 ** random.uniform(low, high)
        rate = situation.recipe.learning_rate * factor
        return replace(situation, recipe=replace(situation.recipe, learning_rate=float(rate)))

    return change


def _normalizing(**fields: Any) -> Change:
    """With a batch normalization, and these fields of the recipe."""
    inner = recipe_change(**fields)

    def change(situation: Situation, random: Random) -> Situation:
        return inner(replace(situation, recipe=normalized(situation.recipe)), random)

    return change


def _statistics_of_other_data(model: keras.Model) -> None:
    for layer in model.layers:
        if hasattr(layer, "moving_mean"):
            deviation = keras.ops.sqrt(layer.moving_variance)
            layer.moving_mean.assign(layer.moving_mean + 4 * deviation)
            layer.moving_variance.assign(layer.moving_variance * 9)


def _loaded_elsewhere(situation: Situation, random: Random) -> Situation:
    recipe = normalized(situation.recipe)
    return replace(situation, recipe=recipe, after_training=_statistics_of_other_data)


NEURONS = [
    injection("dead_neurons", "biases far below 0", _rectified,
              recipe_change(bias=_constant(-10.0, -30.0)), f"{FLOW} duplicate_neurons"),
    injection("always_on_neurons", "biases far above 0", _rectified,
              recipe_change(bias=_constant(10.0, 30.0)),
              "exploding_gradients learning_rate_too_high"),
    injection("saturated_neurons", "wide weights", _squashing,
              recipe_change(kernel=lambda r: _normal(float(r.uniform(15, 50)))), FLOW),
    injection("saturated_neurons", "wide biases", _squashing,
              recipe_change(bias=lambda r: _normal(40.0)),
              f"{FLOW} always_on_neurons dead_neurons"),
    injection("duplicate_neurons", "equal weights", has_kernel, recipe_change(kernel=_all_equal),
              f"{FLOW} dead_neurons always_on_neurons saturated_neurons missing_nonlinearity"),
    injection("missing_nonlinearity", "no activation", _single_input_dense,
              recipe_change(activation=None)),
    injection("hidden_softmax", "softmax in each hidden layer", _several_dense,
              recipe_change(activation="softmax"), f"{STATES} {FLOW}"),
]  # fmt: skip

STEPS = [
    injection("vanishing_gradients", "ten sigmoid layers", _several_dense,
              recipe_change(widths=(16,) * 10, activation="sigmoid"), STATES),
    injection("vanishing_gradients", "narrow weights", _several_dense,
              recipe_change(widths=(16,) * 8, kernel=lambda r: _normal(0.01)), STATES),
    injection("exploding_gradients", "wide weights", _several_dense,
              recipe_change(widths=(16,) * 8, activation="relu", kernel=lambda r: _normal(3.0)),
              f"{STATES} learning_rate_too_high vanishing_gradients"),
    injection("learning_rate_too_high", "300 to 10,000 times", is_plain, _learning_rate(2.5, 4),
              states=FRESH),
    injection("learning_rate_too_high", "100 to 1,000 times", lambda f: True,
              _learning_rate(2, 3), f"{STATES} {FLOW}", states=TRAINED),
    injection("learning_rate_too_low", "1e-5 to 1e-7 times", lambda f: True,
              _learning_rate(-7, -5)),
    injection("schedule_ends_early", "4 to 8 steps", lambda f: True,
              recipe_change(decay=lambda r: int(r.integers(4, 9))), STATES),
    injection("clipping_too_strong", "gradients of 1e-7 to 1e-5", is_plain,
              recipe_change(optimizer=lambda r: "SGD", learning_rate=0.1,
                            clipnorm=lambda r: float(10 ** r.uniform(-7, -5)))),
    injection("penalty_too_strong", "L2 of 1 to 10", _several_dense,
              recipe_change(penalty=lambda r: float(10 ** r.uniform(0, 1))), f"{STATES} {FLOW}"),
    injection("dropout_too_strong", "dropouts of 0.95 to 0.99", _several_dense,
              recipe_change(dropout=lambda r: float(r.uniform(0.95, 0.99)), dropout_in_each=True),
              f"{STATES} {FLOW}"),
    injection("dropout_on_output", "a dropout of what is predicted", lambda f: True,
              recipe_change(dropout_on_output=lambda r: float(r.uniform(0.3, 0.6))), FLOW),
]  # fmt: skip

NORMALIZATION = [
    injection("idle_bias", "biases before", can_be_normalized, _normalizing(idle_bias=True)),
    injection("batch_too_small", "batches of 1 or 2", _normalizable_dense,
              _normalizing(batch_size=lambda r: int(r.integers(1, 3)), epochs=3),
              "stale_moving_statistics learning_rate_too_high"),
    injection("stale_moving_statistics", "momentum 0.9999", can_be_normalized,
              _normalizing(momentum=0.9999), states=TRAINED),
    injection("stale_moving_statistics", "of other data", can_be_normalized, _loaded_elsewhere,
              states=TRAINED),
    injection("dropout_before_normalization", "dropout right before", can_be_normalized,
              _normalizing(dropout_before=True, dropout=0.4), "stale_moving_statistics"),
    injection("epsilon_dominates", "epsilon 30 to 1,000", can_be_normalized,
              _normalizing(epsilon=lambda r: float(10 ** r.uniform(1.5, 3))),
              "vanishing_gradients"),
]  # fmt: skip

MODEL_INJECTIONS: list[Injection] = [*NEURONS, *STEPS, *NORMALIZATION]
