"""Trains the arms of deep networks: two programs side by side, each of several arms' networks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.classifier_ensemble import Course, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.side_by_side import GoOn, side_by_side
from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.deep_networks.arms import Arm
from normlayers.experiments.deep_networks.layer_drift import drift, outputs_distribution
from normlayers.experiments.deep_networks.mixed_classifier import MixedClassifier

Array = npt.NDArray[Any]
# By name, one or more values per network.
Networks = dict[str, Array]

SIDE_BY_SIDE = 2
# Networks of an arm in a program.
GROUP = 50
# Training points on which layers are measured; always the same ones, so that a change is the
# layer's, not the sample's.
LOOKED_AT = 400


@dataclass(frozen=True)
class Recipe:
    """How all arms train; their networks start from the same kernels, depth by depth.

    Attributes:
        seed: of the kernels and of the shuffling.
        networks: how many an arm.
        epochs: passes over the data.
        width: neurons of a hidden layer.
        batch_size: points in a step.
        optimizer: one of ``OPTIMIZERS``, at Keras's defaults.
    """

    seed: int
    networks: int
    epochs: int
    width: int
    batch_size: int
    optimizer: str


@dataclass(frozen=True)
class Trained:
    """An arm's networks.

    Attributes:
        arm: the arm.
        seconds: what they took, where as many others trained beside them.
        networks: of ``Course`` what is kept, and ``drift`` of shape ``(networks, epochs, layers)``
            for arms that learn their gamma and beta or have none.
    """

    arm: Arm
    seconds: float
    networks: Networks


_LAST: dict[tuple[Recipe, tuple[Arm, ...]], list[Networks]] = {}


def by_program(arms: Sequence[Arm]) -> list[list[list[Arm]]]:
    """Arms that one program trains: as stacks, each of arms on the same inputs; the longest first.

    A stack's arms differ in their activation, and in whether gamma and beta are learned.
    """
    programs: dict[tuple[int, str], dict[str, list[Arm]]] = {}
    for arm in sorted(arms, key=lambda arm: (-arm.depth, arm.activation)):
        stacks = programs.setdefault((arm.depth, arm.normalization), {})
        stacks.setdefault(arm.inputs, []).append(arm)
    return [list(stacks.values()) for stacks in programs.values()]


def train_arms(
    arms: Sequence[Arm], recipe: Recipe, counter: Callable[[str], Callable[[int], None]]
) -> Generator[Trained]:
    """Train arms and yield each when it is done.

    Args:
        arms: which.
        recipe: how.
        counter: called with an arm's name, returns what to call with the epochs of networks trained
            since.
    """

    def train_all(stacks: Sequence[Sequence[Arm]], go_on: GoOn) -> list[Trained]:
        return [
            trained
            for stack in stacks
            for trained in _trained(stack, recipe, counter(stack[0].name), go_on)
        ]

    programs = by_program(arms)
    with closing(side_by_side(train_all, programs, SIDE_BY_SIDE, in_order=False)) as done:
        for trained in done:
            yield from trained


def _trained(
    stack: Sequence[Arm], recipe: Recipe, advance: Callable[[int], None], go_on: GoOn
) -> list[Trained]:
    def stoppable(epochs: int) -> None:
        go_on()
        advance(epochs)

    started = time.perf_counter()
    networks = train_stack(stack, recipe, stoppable)
    seconds = (time.perf_counter() - started) / SIDE_BY_SIDE / len(stack)
    return [Trained(arm, seconds, of_arm) for arm, of_arm in zip(stack, networks, strict=True)]


def train_stack(
    stack: Sequence[Arm], recipe: Recipe, advance: Callable[[int], None] = lambda epochs: None
) -> list[Networks]:
    """Train the networks of arms that differ in their activation, and in what is fixed, together.

    Layers are measured before training and after each epoch, networks validated at the end.

    Args:
        stack: the arms.
        recipe: how.
        advance: called as training goes on with the epochs of networks trained since.

    Returns:
        of each arm what is kept of its networks, see ``Trained``.
    """
    size, group = len(stack), min(recipe.networks, GROUP)
    groups = math.ceil(recipe.networks / group)
    is_learned = [not arm.fixed for arm in stack]

    def of_arm(turn: int, values: Array) -> Array:
        parts = values.reshape(groups, size, group, *values.shape[1:])[:, turn]
        return parts.reshape(-1, *values.shape[1:])[: recipe.networks]

    course = train_classifiers(
        _classifier(stack, recipe.width),
        [stack[0].split()],
        networks=groups * group * size,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=OPTIMIZERS[recipe.optimizer](),
        rescale=np.repeat(is_learned, group)[:, np.newaxis],
        seed=recipe.seed,
        look=outputs_distribution,
        look_after=range(recipe.epochs + 1),
        look_at=LOOKED_AT,
        score_every=recipe.epochs,
        group=group * size,
        advance=advance,
    )
    return [_kept(arm, course, partial(of_arm, turn)) for turn, arm in enumerate(stack)]


def train_arm(
    arm: Arm, arms: Sequence[Arm], recipe: Recipe, advance: Callable[[int], None]
) -> Networks:
    """One arm's networks, trained in the stack that ``train_arms`` trains it in.

    The last stack is kept: whoever makes a program's arms one after the other trains it once.

    Args:
        arm: the arm.
        arms: all that are trained, the arm among them.
        recipe: how.
        advance: see ``train_stack``.
    """
    stack = next(stack for stacks in by_program(arms) for stack in stacks if arm in stack)
    key = (recipe, tuple(stack))
    if key not in _LAST:
        networks = train_stack(stack, recipe, advance)
        _LAST.clear()
        _LAST[key] = networks
    return _LAST[key][stack.index(arm)]


def _classifier(stack: Sequence[Arm], width: int) -> Classifier:
    one = stack[0].classifier(width)
    activations = tuple(arm.activation for arm in stack)
    return MixedClassifier(
        one.inputs, one.hidden, one.classes, normalization=one.normalization,
        activations=activations,
    )  # fmt: skip


def _kept(arm: Arm, course: Course, its: Callable[[Array], Array]) -> Networks:
    names = (
        "loss", "validation_loss", "validation_accuracy", "gradient_norms", "first_gradient_norms",
        "diverged",
    )  # fmt: skip
    kept = {name: its(getattr(course, name)) for name in names}
    if not arm.fixed:
        kept["drift"] = drift(its(course.looks["mean"]), its(course.looks["std"]))
    return kept
