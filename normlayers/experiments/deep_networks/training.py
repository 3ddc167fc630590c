"""Trains the arms of deep networks, two architectures side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from normlayers.ensembles.classifier_ensemble import Course, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.side_by_side import GoOn, side_by_side
from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.deep_networks.arms import Arm
from normlayers.experiments.deep_networks.layer_drift import drift, outputs_distribution

Array = npt.NDArray[Any]
# By name, one or more values per network.
Networks = dict[str, Array]

SIDE_BY_SIDE = 2
# Networks in a program.
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


def by_architecture(arms: Sequence[Arm], recipe: Recipe) -> list[list[Arm]]:
    """Arms of one architecture together, as they share what is compiled; the longest first."""
    jobs: dict[Classifier, list[Arm]] = {}
    for arm in sorted(arms, key=lambda arm: -arm.depth):
        jobs.setdefault(arm.classifier(recipe.width), []).append(arm)
    return list(jobs.values())


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
    jobs = by_architecture(arms, recipe)

    def train_all(some: Sequence[Arm], go_on: GoOn) -> list[Trained]:
        return [_trained(arm, recipe, counter(arm.name), go_on) for arm in some]

    with closing(side_by_side(train_all, jobs, SIDE_BY_SIDE, in_order=False)) as done:
        for trained in done:
            yield from trained


def _trained(arm: Arm, recipe: Recipe, advance: Callable[[int], None], go_on: GoOn) -> Trained:
    def stoppable(epochs: int) -> None:
        go_on()
        advance(epochs)

    started = time.perf_counter()
    networks = train_arm(arm, recipe, stoppable)
    return Trained(arm, (time.perf_counter() - started) / SIDE_BY_SIDE, networks)


def train_arm(arm: Arm, recipe: Recipe, advance: Callable[[int], None]) -> Networks:
    """Train an arm's networks; what is kept of them, see ``Trained``."""
    return _kept(arm, train(arm, recipe, advance))


def train(arm: Arm, recipe: Recipe, advance: Callable[[int], None] = lambda epochs: None) -> Course:
    """Train an arm's networks; their layers are measured before training and after each epoch.

    They are validated once, at the end.
    """
    return train_classifiers(
        arm.classifier(recipe.width),
        [arm.split()],
        networks=recipe.networks,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=OPTIMIZERS[recipe.optimizer](),
        rescale=not arm.fixed,
        seed=recipe.seed,
        score_every=recipe.epochs,
        look=None if arm.fixed else outputs_distribution,
        look_after=() if arm.fixed else range(recipe.epochs + 1),
        look_at=LOOKED_AT,
        group=min(recipe.networks, GROUP),
        advance=advance,
    )


def _kept(arm: Arm, course: Course) -> Networks:
    names = (
        "loss", "validation_loss", "validation_accuracy", "gradient_norms", "first_gradient_norms",
        "diverged",
    )  # fmt: skip
    kept = {name: getattr(course, name) for name in names}
    if not arm.fixed:
        kept["drift"] = drift(course.looks["mean"], course.looks["std"])
    return kept
