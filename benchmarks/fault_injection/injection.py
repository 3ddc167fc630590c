"""A fault as a change of a healthy situation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.fault_injection.families import Family
from benchmarks.fault_injection.recipes import Recipe
from benchmarks.fault_injection.situation import Situation

Change = Callable[[Situation, np.random.Generator], Situation]
ANY_STATE, FRESH, TRAINED = (False, True), (False,), (True,)


@dataclass(frozen=True)
class Injection:
    """One way in which a fault comes about.

    Args:
        fault: the name that a diagnosis should report.
        variant: which way.
        fits: the families it can be injected into.
        change: the healthy situation with the fault.
        also: other faults that this one is, or brings with it, in the words' own meaning: to
            report them is neither right nor wrong.
        states: trained with the fault, or fresh.
    """

    fault: str
    variant: str
    fits: Callable[[Family], bool]
    change: Change
    also: frozenset[str] = frozenset()
    states: tuple[bool, ...] = ANY_STATE


def injection(
    fault: str,
    variant: str,
    fits: Callable[[Family], bool],
    change: Change,
    also: str = "",
    states: tuple[bool, ...] = ANY_STATE,
) -> Injection:
    return Injection(fault, variant, fits, change, frozenset(also.split()), states)


def recipe_change(**fields: Any) -> Change:
    """Fields of the recipe; one that is a function gets the random state."""

    def change(situation: Situation, random: np.random.Generator) -> Situation:
        values = {k: v(random) if callable(v) else v for k, v in fields.items()}
        return replace(situation, recipe=replace(situation.recipe, **values))

    return change


def x_change(of: Callable[[Any, np.random.Generator], Any]) -> Change:
    """Every input, those of the held-out rows too, with the same draws."""

    def change(situation: Situation, random: np.random.Generator) -> Situation:
        seed = int(random.integers(2**31))
        task = situation.task.each_x(lambda x: of(x, np.random.default_rng(seed)))
        return replace(situation, task=task)

    return change


# Families by what they are


def is_plain(family: Family) -> bool:
    """Nothing in front of it that would take a scale away."""
    return family.recipe.front in ("", "rescale")


def is_dense(family: Family) -> bool:
    return family.recipe.kind == "dense"


def is_tabular(family: Family) -> bool:
    """Features with a meaning of their own, four or more of them."""
    return family.task in ("wine", "cancer", "iris", "diabetes", "friedman", "wine_in_two")


def is_classes(family: Family) -> bool:
    return family.recipe.loss in ("sparse", "one_hot", "logits")


def is_binary(family: Family) -> bool:
    return family.recipe.loss.startswith("binary")


def is_regression(family: Family) -> bool:
    return family.recipe.loss in ("mse", "mae")


def has_kernel(family: Family) -> bool:
    """Dense or convolutional hidden layers without a normalization."""
    return family.recipe.kind in ("dense", "conv", "conv1d") and not family.recipe.normalization


def can_be_normalized(family: Family) -> bool:
    return family.recipe.kind in ("dense", "conv") and len(family.recipe.widths) > 1


def normalized(recipe: Recipe) -> Recipe:
    """With a batch normalization before the activations, where it has none."""
    if recipe.normalization == "before":
        return recipe
    return replace(recipe, normalization="before", activation=recipe.activation or "relu")
