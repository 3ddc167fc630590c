"""Faults of the inputs and of the targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.fault_injection.families import Family
from benchmarks.fault_injection.injection import (
    FRESH,
    Change,
    Injection,
    injection,
    is_binary,
    is_classes,
    is_plain,
    is_regression,
    is_tabular,
    recipe_change,
    x_change,
)
from benchmarks.fault_injection.situation import Situation
from benchmarks.fault_injection.tasks import TASKS, Array

Random = np.random.Generator
SCALE = "inputs_not_scaled inputs_not_centred"
# What training away from the targets makes of a network.
ASTRAY = "dead_neurons always_on_neurons saturated_neurons exploding_gradients vanishing_gradients"


def _power(random: Random, low: float, high: float) -> float:
    return float(10 ** random.uniform(low, high))


def _one_feature_scaled(x: Array, random: Random) -> Array:
    factors = np.ones(x.shape[-1], "float32")
    factors[random.integers(x.shape[-1])] = _power(random, 3, 6)
    return x * factors


def _raw(situation: Situation, random: Random) -> Situation:
    """The data as they were loaded; the targets stay scaled."""
    raw = TASKS[situation.family.task](situation.seed)
    return replace(situation, task=replace(situation.task, x=raw.x, held_x=raw.held_x))


def _constant(x: Array, random: Random) -> Array:
    x = x.copy()
    x[:, random.integers(x.shape[-1])] = random.uniform(0, 5)
    return x


def _wild(x: Array, random: Random) -> Array:
    """In one feature one value in a hundred is far out."""
    x = x.copy()
    # A pixel that is 0 in every image has no scale that a value could be far out on.
    varies = np.flatnonzero(np.ptp(x.reshape(-1, x.shape[-1]), axis=0) > 0)
    feature = x[..., random.choice(varies)]
    rows = random.choice(len(x), max(2, len(x) // 100), replace=False)
    feature[rows] = np.std(feature) * _power(random, 2.5, 5) * random.choice([-1.0, 1.0])
    return x


def _wild_standardized(situation: Situation, random: Random) -> Situation:
    """Standardized by hand, with the mean and deviation that the far values make."""
    task = x_change(_wild)(situation, random).task
    axes = [tuple(range(x.ndim - 1)) for x in task.x]
    means = [x.mean(axis) for x, axis in zip(task.x, axes, strict=True)]
    deviations = [x.std(axis) for x, axis in zip(task.x, axes, strict=True)]

    def scaled(parts: tuple[Array, ...]) -> tuple[Array, ...]:
        return tuple(
            (x - mean) / np.where(deviation > 0, deviation, 1)
            for x, mean, deviation in zip(parts, means, deviations, strict=True)
        )

    return replace(situation, task=replace(task, x=scaled(task.x), held_x=scaled(task.held_x)))


def _with_gaps(value: float) -> Any:
    def change(x: Array, random: Random) -> Array:
        return np.where(random.random(x.shape) < 0.02, np.float32(value), x)

    return change


def _not_adapted(situation: Situation, random: Random) -> Situation:
    keras_layer = bool(random.random() < 0.5)
    recipe = replace(situation.recipe, front="not_adapted", keras_normalization=keras_layer)
    return replace(_raw(situation, random), recipe=recipe)


def _standardized_inside_too(situation: Situation, random: Random) -> Situation:
    """Standardized data into a layer that has the raw data's statistics."""
    raw = TASKS[situation.family.task](situation.seed).x[0]
    given = raw.mean(0).tolist(), np.maximum(raw.var(0), 1e-6).tolist()
    return replace(situation, recipe=replace(situation.recipe, front="given", given=given))


def _scaled_before_too(situation: Situation, random: Random) -> Situation:
    """Scaled to 0 ... 1 by hand, and scaled down in the network again."""
    task = situation.task
    if situation.recipe.front == "rescale":
        task = task.each_x(lambda x: x / 16)
    return replace(situation, recipe=replace(situation.recipe, front="rescale"), task=task)


def _validation(change: Any) -> Change:
    def shifted(situation: Situation, random: Random) -> Situation:
        held = [change(x, random) for x in situation.task.held_x]
        return replace(situation, validation=held if len(held) > 1 else held[0])

    return shifted


def _training_rows_held_out(situation: Situation, random: Random) -> Situation:
    """Some of the held-out rows, or all, are training rows, as where rows were copied first."""
    task = situation.task
    rows = len(task.held_y)
    copied = random.permutation(rows)[: round(rows * random.uniform(0.2, 1))]
    source = random.integers(0, len(task.y), len(copied))
    held = [x.copy() for x in task.held_x]
    for own, x in zip(held, task.x, strict=True):
        own[copied] = x[source]
    return replace(situation, validation=held if len(held) > 1 else held[0])


def _y_times(low: float, high: float, offset: float) -> Change:
    def change(situation: Situation, random: Random) -> Situation:
        factor = _power(random, low, high)
        return replace(situation, task=situation.task.each_y(lambda y: (y + offset) * factor))

    return change


def _labels(of: Any) -> Change:
    def change(situation: Situation, random: Random) -> Situation:
        return replace(situation, relabel=of)

    return change


def _one_hot(y: Array) -> Array:
    return np.eye(int(y.max()) + 1, dtype="float32")[y]


def _as_they_are(y: Array) -> Array:
    return y


def _numbers_for_one_hot(situation: Situation, random: Random) -> Situation:
    recipe = replace(situation.recipe, loss="one_hot", output="softmax")
    return replace(situation, recipe=recipe, relabel=_as_they_are)


def _one_unit_for_classes(situation: Situation, random: Random) -> Situation:
    recipe = replace(situation.recipe, loss="binary", units=1)
    return replace(situation, recipe=recipe, relabel=_as_they_are)


def _too_few_units(situation: Situation, random: Random) -> Situation:
    units = situation.task.classes - 1
    return replace(situation, recipe=replace(situation.recipe, units=units))


def _shuffled_apart(situation: Situation, random: Random) -> Situation:
    """The labels in another order than the rows."""
    task = situation.task
    return replace(situation, task=replace(task, y=random.permutation(task.y)))


def _sorted_by_class(situation: Situation, random: Random) -> Situation:
    """As files come from folders, a class after another; in batches, which fit does not shuffle."""
    task = situation.task
    order = np.argsort(task.y.reshape(-1), kind="stable")
    x = tuple(part[order] for part in task.x)
    return replace(situation, task=replace(task, x=x, y=task.y[order]), streamed=True)


def _sparse(family: Family) -> bool:
    return family.recipe.loss in ("sparse", "logits")


def _with_raw_statistics(family: Family) -> bool:
    return family.task in ("wine", "cancer", "iris") and family.recipe.front == ""


def _with_raw_data(family: Family) -> bool:
    return family.task in ("wine", "cancer", "wine_in_two", "digits", "friedman")


INPUTS = [
    injection("inputs_not_scaled", "all times 300 to 10,000", is_plain,
              x_change(lambda x, r: x * _power(r, 2.5, 4)), "inputs_not_centred"),
    injection("inputs_not_scaled", "one feature times 1,000 to 1e6",
              lambda f: is_plain(f) and is_tabular(f),
              x_change(_one_feature_scaled), "inputs_not_centred"),
    injection("inputs_not_scaled", "raw measurements",
              lambda f: f.task in ("wine", "cancer", "wine_in_two") and is_plain(f), _raw,
              "inputs_not_centred"),
    injection("inputs_not_scaled", "all times 1e-4",
              lambda f: is_plain(f) and not f.recipe.normalization,
              x_change(lambda x, r: x * 1e-4), "epsilon_dominates vanishing_gradients"),
    injection("inputs_not_centred", "shifted by 8 to 80", lambda f: f.recipe.front == "",
              x_change(lambda x, r: x + r.choice([-1.0, 1.0]) * r.uniform(8, 80)),
              "inputs_not_scaled"),
    injection("constant_feature", "one feature constant", is_tabular, x_change(_constant)),
    injection("outliers", "one value in a hundred far out", is_plain, x_change(_wild),
              f"{SCALE} train_validation_shift"),
    injection("outliers", "standardized with them", is_plain, _wild_standardized,
              f"{SCALE} train_validation_shift"),
    injection("non_finite_input", "NaN", lambda f: f.recipe.front in ("", "rescale"),
              x_change(_with_gaps(np.nan))),
    injection("non_finite_input", "infinite", lambda f: f.recipe.front in ("", "rescale"),
              x_change(_with_gaps(np.inf))),
    injection("not_adapted", "raw data", _with_raw_data, _not_adapted, SCALE),
    injection("normalized_twice", "standardized outside and inside", _with_raw_statistics,
              _standardized_inside_too, SCALE),
    injection("normalized_twice", "scaled outside and inside",
              lambda f: f.task in ("digits", "digit_images") and is_plain(f), _scaled_before_too,
              SCALE),
    injection("train_validation_shift", "not scaled", lambda f: True,
              _validation(lambda x, r: x * _power(r, 1.5, 3))),
    injection("train_validation_shift", "shifted by 3 to 10", is_plain,
              _validation(lambda x, r: x + r.uniform(3, 10) * x.std())),
    injection("validation_rows_in_training", "a fifth and more of them", lambda f: True,
              _training_rows_held_out),
]  # fmt: skip

TARGETS = [
    injection("targets_unrelated_to_inputs", "shuffled apart", lambda f: True, _shuffled_apart),
    injection("unshuffled_rows", "sorted by class", lambda f: is_classes(f) or is_binary(f),
              _sorted_by_class),
    injection("targets_not_scaled", "thousands", is_regression, _y_times(3, 5, 0)),
    injection("targets_not_scaled", "thousands, far from 0", is_regression, _y_times(2, 4, 10)),
    injection("targets_not_scaled", "tiny", is_regression, _y_times(-5, -3, 0)),
    injection("output_does_not_fit_loss", "softmax of one unit",
              lambda f: f.recipe.loss == "binary", recipe_change(output="softmax")),
    injection("output_does_not_fit_loss", "sigmoid over exclusive classes", is_classes,
              recipe_change(output="sigmoid", from_logits=False)),
    injection("output_does_not_fit_loss", "logits as probabilities",
              lambda f: is_classes(f) or is_binary(f),
              recipe_change(output="linear", from_logits=False)),
    injection("output_does_not_fit_loss", "probabilities as logits", is_classes,
              recipe_change(output="softmax", from_logits=True)),
    injection("prediction_depends_on_batch", "softmax over the rows", is_classes,
              recipe_change(output="softmax over the rows", from_logits=False)),
    injection("output_does_not_fit_loss", "relu for targets of both signs", is_regression,
              recipe_change(output="relu")),
    injection("output_does_not_fit_loss", "sigmoid for targets beyond it", is_regression,
              recipe_change(output="sigmoid"), "targets_not_scaled"),
    injection("labels_do_not_fit_output", "counted from 1", _sparse, _labels(lambda y: y + 1)),
    injection("labels_do_not_fit_output", "-1 and 1", is_binary, _labels(lambda y: 2 * y - 1)),
    injection("loss_prefers_errors", "a loss of the other sign", lambda f: True,
              recipe_change(wrong_sign=True),
              f"{ASTRAY} learning_rate_too_high non_finite_weights"),
    injection("labels_do_not_fit_output", "one-hot for a sparse loss", _sparse, _labels(_one_hot),
              states=FRESH),
    injection("labels_do_not_fit_output", "numbers for a one-hot loss", is_classes,
              _numbers_for_one_hot, states=FRESH),
    injection("labels_do_not_fit_output", "one unit for several classes", is_classes,
              _one_unit_for_classes, "output_does_not_fit_loss"),
    injection("labels_do_not_fit_output", "a unit too few", _sparse, _too_few_units),
]  # fmt: skip

DATA_INJECTIONS: list[Injection] = [*INPUTS, *TARGETS]
