"""Hundreds of dense classifiers trained together, epoch by epoch, and what each epoch shows.

Networks are trained in groups, each by one compiled program (see ``classifier_network``), the
groups side by side. A network's initial weights and shuffling depend on the seed and on its number
alone; arms with the same seed and layer sizes start with the same kernels, so that their networks
can be compared in pairs.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_network import Classifier, Passed, blocks
from normlayers.ensembles.classifier_training import (
    OF_FIRST_STEP,
    look_program,
    score_program,
    training_program,
)
from normlayers.ensembles.compiled_training import initial_state
from normlayers.ensembles.stacked_network import Weights
from normlayers.ensembles.stacked_optimizers import Adam, Optimizer

Array = npt.NDArray[Any]
# What one looks at while networks train: of a pass over the training points, arrays by name, with
# the networks on the first axis.
Look = Callable[[Classifier, Weights, Passed, Any], dict[str, Any]]

# Networks in a program: as many as a processor's caches hold.
GROUP = 25


@dataclass(frozen=True)
class Split:
    """Data to train on and data to validate with.

    Attributes:
        x, x_validation: shape ``(points, features)``, float32.
        y, y_validation: classes from 0 on, shape ``(points,)``.
    """

    x: Array
    y: Array
    x_validation: Array
    y_validation: Array

    def mapped(self, change: Callable[[Array], Array]) -> Split:
        """With features changed by a function of their array."""
        return Split(change(self.x), self.y, change(self.x_validation), self.y_validation)


@dataclass(frozen=True)
class Course:
    """How networks trained; the first axis of every array is the networks.

    Attributes:
        loss: mean cross-entropy of each epoch's batches, as ``fit`` shows it, in nats; shape
            ``(networks, epochs)``.
        validation_loss, validation_accuracy: after every ``score_every`` epochs, shape
            ``(networks, epochs // score_every)``.
        gradient_norms: of each layer's kernel, mean over the epoch's steps, shape
            ``(networks, epochs, layers)``.
        first_gradient_norms: the same of the very first step, shape ``(networks, layers)``.
        input_gradient_norms: of what belongs to each feature in the first layer's kernel, at the
            very first step, shape ``(networks, features)``.
        looks: by name, what was looked at, shape ``(networks, times, ...)``.
    """

    loss: Array
    validation_loss: Array
    validation_accuracy: Array
    gradient_norms: Array
    first_gradient_norms: Array
    input_gradient_norms: Array
    looks: dict[str, Array]

    @property
    def diverged(self) -> Array:
        """Which networks' loss is no number in the end; shape ``(networks,)``."""
        return ~np.isfinite(self.loss[:, -1]) | ~np.isfinite(self.validation_loss[:, -1])


def epochs_to(loss: Array, target: float) -> Array:
    """Epochs until the mean loss of an epoch's batches is down to a target.

    Between two epochs the loss is taken as a straight line, so that networks can be told apart
    that reach it in the same epoch.

    Args:
        loss: shape ``(networks, epochs)``.
        target: the loss to reach.

    Returns:
        shape ``(networks,)``; from 1 on, infinite where it is not reached.

    Example:
        >>> epochs_to(np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [3.0, 3.0, 3.0]]), 1.5)
        array([2.5, 1. , inf])
    """
    loss = np.asarray(loss, float)
    down = loss <= target
    at = down.argmax(axis=1)
    rows = np.arange(len(loss))
    last, before = loss[rows, at], loss[rows, np.maximum(at - 1, 0)]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(np.isfinite(before) & (before > last), (target - last) / (before - last), 0)
    found = np.where(at > 0, at + 1 - part, 1.0)
    return np.where(down.any(axis=1), found, np.inf)


def train_classifiers(
    classifier: Classifier,
    splits: Sequence[Split],
    networks: int,
    epochs: int,
    batch_size: int | None = None,
    optimizer: Optimizer | None = None,
    seed: int = 0,
    look: Look | None = None,
    look_after: Sequence[int] = (),
    look_at: int | None = None,
    score_every: int = 1,
    group: int = GROUP,
    advance: Callable[[int], None] = lambda network_epochs: None,
) -> Course:
    """Train networks, as ``model.fit`` would each.

    Args:
        classifier: the architecture of every network.
        splits: the data, all of one shape; groups of networks take them in turn.
        networks: how many.
        epochs: passes over the data.
        batch_size: points in a step, shuffled anew for each epoch and network; an epoch's last
            batch has what is left. ``None``: all points in one step, in their order.
        optimizer: of ``stacked_optimizers``; ``None``: ``Adam()``.
        seed: of the initial weights and the shuffling.
        look: what to look at on the training points, batch normalizations as in training.
        look_after: numbers of epochs after which to look; 0 is before training.
        look_at: training points to look at, the first so many; ``None``: all.
        score_every: epochs from one validation to the next; the last epoch's is one of them.
        group: networks in a program.
        advance: called as training goes on with the epochs of networks trained since.

    Raises:
        ValueError: an argument is out of range, or the data do not fit the architecture.

    Example:
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0]], "float32")
        >>> split = Split(x, np.array([0, 0, 1, 1]), x, np.array([0, 0, 1, 1]))
        >>> course = train_classifiers(Classifier(1, (4,), 2), [split], networks=3, epochs=5)
        >>> course.loss.shape, course.gradient_norms.shape
        ((3, 5), (3, 5, 2))
    """
    _check(classifier, splits, networks, epochs, batch_size)
    if epochs % score_every:
        raise ValueError(
            f"epochs must be a multiple of score_every. Received: {epochs} and {score_every}"
        )
    job = _Job(
        classifier, splits, epochs, batch_size, optimizer or Adam(), seed, look,
        frozenset(look_after), look_at, score_every, group, advance,
    )  # fmt: skip
    stop = Event()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        courses = [
            pool.submit(job.train, number, min(group, networks - first), stop)
            for number, first in enumerate(range(0, networks, group))
        ]
        try:
            found = [course.result() for course in courses]
        finally:
            # Interrupted, training ends with the epochs that are being trained.
            stop.set()
            pool.shutdown(cancel_futures=True)
    return Course(
        **{
            name: np.concatenate([course[name] for course in found])
            for name in found[0]
            if name != "looks"
        },
        looks={
            name: np.concatenate([course["looks"][name] for course in found])
            for name in found[0]["looks"]
        },
    )


@dataclass(frozen=True)
class _Job:
    classifier: Classifier
    splits: Sequence[Split]
    epochs: int
    batch_size: int | None
    optimizer: Optimizer
    seed: int
    look: Look | None
    look_after: frozenset[int]
    look_at: int | None
    score_every: int
    group: int
    advance: Callable[[int], None]

    def train(self, number: int, kept: int, stop: Event) -> dict[str, Any]:
        """Train a group of networks and return the first ``kept`` ones' course by its names."""
        streams = np.random.SeedSequence([self.seed, number]).spawn(2)
        start, shuffling = (np.random.default_rng(stream) for stream in streams)
        split = self.splits[number % len(self.splits)]
        x, y = self._tensors(split.x, split.y)
        validation = self._tensors(split.x_validation, split.y_validation)
        # Epochs that are trained at once: in small steps Python would take as long as they do.
        at_once = self._at_once()
        train = training_program(self.classifier, self.optimizer, self.batch_size, at_once)
        score = score_program(self.classifier)
        weights = blocks(self.classifier, self.classifier.initial_weights(self.group, start))
        state = initial_state(weights, self.optimizer)
        seen: list[dict[str, Array]] = []
        looks = [self._looked(state["weights"], x)] if 0 in self.look_after else []
        for epoch in range(at_once, self.epochs + 1, at_once):
            if stop.is_set():
                break
            state, found = train(state, self._orders(shuffling, len(split.x)), x, y)
            if epoch % self.score_every == 0:
                found |= score(state["weights"], *validation)
            seen.append({name: ops.convert_to_numpy(array) for name, array in found.items()})
            if epoch in self.look_after:
                looks.append(self._looked(state["weights"], x))
            self.advance(kept * at_once)
        return _course(seen, looks, kept)

    def _tensors(self, x: Array, y: Array) -> tuple[Any, Any]:
        of_classes = np.arange(self.classifier.classes)[:, None] == y
        return ops.convert_to_tensor(x.T), ops.convert_to_tensor(of_classes.astype("float32"))

    def _at_once(self) -> int:
        if self.batch_size is not None:  # in long epochs
            return 1
        return math.gcd(self.score_every, *self.look_after)

    def _orders(self, random: np.random.Generator, points: int) -> Any:
        if self.batch_size is None:
            return ops.zeros((self._at_once(),), "int32")
        places = np.tile(np.arange(points, dtype="int32"), (1, self.group, 1))
        return ops.convert_to_tensor(random.permuted(places, axis=2))

    def _looked(self, weights: Weights, x: Any) -> dict[str, Array]:
        assert self.look is not None
        seen = look_program(self.classifier, self.look)(weights, x[:, : self.look_at])
        return {name: ops.convert_to_numpy(array) for name, array in seen.items()}


def _course(
    seen: list[dict[str, Array]], looks: list[dict[str, Array]], kept: int
) -> dict[str, Any]:
    """The first networks' course by its names."""
    trained = {
        name: np.concatenate([each[name] for each in seen]).swapaxes(0, 1)[:kept]
        for name in ("loss", "gradient_norms")
    }
    scored = {
        name: np.stack([each[name] for each in seen if name in each], axis=1)[:kept]
        for name in ("validation_loss", "validation_accuracy")
    }
    return {
        **trained,
        **scored,
        **{name: seen[0][name][:kept] for name in OF_FIRST_STEP},
        "looks": {
            name: np.stack([each[name] for each in looks], axis=1)[:kept]
            for name in (looks[0] if looks else ())
        },
    }


def _check(
    classifier: Classifier,
    splits: Sequence[Split],
    networks: int,
    epochs: int,
    batch_size: int | None,
) -> None:
    for name, value in {"networks": networks, "epochs": epochs, "batch_size": batch_size}.items():
        if value is not None and (not isinstance(value, int | np.integer) or value < 1):
            raise ValueError(f"{name} must be a positive integer. Received: {value!r}")
    if not splits or len({(s.x.shape, s.x_validation.shape) for s in splits}) != 1:
        raise ValueError("splits must be one or more, all of one shape.")
    for split in splits:
        for x, y in ((split.x, split.y), (split.x_validation, split.y_validation)):
            if x.ndim != 2 or x.shape[1] != classifier.inputs or y.shape != x.shape[:1]:
                raise ValueError(
                    f"x must be of shape (points, {classifier.inputs}) and y of shape (points,). "
                    f"Received: {x.shape} and {y.shape}"
                )
            if not np.isfinite(x).all() or not np.isin(y, np.arange(classifier.classes)).all():
                raise ValueError(
                    f"x must be finite and y classes from 0 to {classifier.classes - 1}; "
                    "some are not."
                )
