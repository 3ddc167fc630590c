"""Hundreds of dense classifiers trained together, epoch by epoch, and what each epoch shows.

Networks are trained in groups, each by one compiled program (see ``classifier_network``), the
groups side by side. A network's initial weights and shuffling depend on the seed and on its number
alone; arms with the same seed and layer sizes start with the same kernels, so that their networks
can be compared in pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.compiled_training import Orders, rounds
from normlayers.ensembles.dense_networks import Weights
from normlayers.ensembles.forward_pass import Measure, Passed, measuring_program
from normlayers.ensembles.shuffled_orders import initial_weights, permuted_orders
from normlayers.ensembles.side_by_side import GoOn, side_by_side
from normlayers.ensembles.stacked_optimizers import Adam, Optimizer
from normlayers.ensembles.step_findings import OF_FIRST_STEP
from normlayers.statistics.counts import check_counts

Array = npt.NDArray[Any]

# Networks in a program: as many as a processor's caches hold.
GROUP = 25


@dataclass(frozen=True)
class Split:
    """Data to train on and data to validate with.

    Attributes:
        x, x_validation: shape ``(points, features)``; trained on in float32.
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
        looks: by name, the measures taken, shape ``(networks, times, ...)``.
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
        """Which networks' loss is NaN or infinite at the end; shape ``(networks,)``."""
        return ~np.isfinite(self.loss[:, -1]) | ~np.isfinite(self.validation_loss[:, -1])


# What ``Course`` has of every epoch, and of every validation.
EVERY_EPOCH = ("loss", "gradient_norms")
SCORED = ("validation_loss", "validation_accuracy")


def epochs_to(loss: Array, target: float) -> Array:
    """Epochs until the mean loss of an epoch's batches is down to a target.

    Between two epochs the loss is taken as a straight line, so that networks can be distinguished
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
    rescale: bool | Array = True,
    seed: int = 0,
    look: Measure | None = None,
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
        rescale: whether batch normalizations learn a gamma and a beta, or keep 1 and 0; of each
            network of a group, shape ``(group, 1)``, or of all.
        seed: of the initial weights and the shuffling.
        look: what to look at on the training points, batch normalizations as in training.
        look_after: numbers of epochs after which to look, with ``look``; 0 is before training.
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
    check_counts(networks=networks, epochs=epochs, group=group, score_every=score_every)
    check_counts(batch_size=batch_size, look_at=look_at, optional=True)
    _check_splits(classifier, splits)
    _check_looks(look, look_after, epochs)
    if epochs % score_every:
        raise ValueError(
            f"epochs must be a multiple of score_every. Received: {epochs} and {score_every}"
        )
    job = _Job(
        classifier, splits, networks, epochs, batch_size, optimizer or Adam(), rescale, seed, look,
        frozenset(look_after), look_at, score_every, group, advance,
    )  # fmt: skip
    parts = list(side_by_side(job.train, range(-(-networks // group))))
    return Course(
        **{
            field: np.concatenate([getattr(part, field) for part in parts])
            for field in (*EVERY_EPOCH, *SCORED, *OF_FIRST_STEP)
        },
        looks={
            name: np.concatenate([part.looks[name] for part in parts]) for name in parts[0].looks
        },
    )


@dataclass(frozen=True)
class _Job:
    classifier: Classifier
    splits: Sequence[Split]
    networks: int
    epochs: int
    batch_size: int | None
    optimizer: Optimizer
    rescale: bool | Array
    seed: int
    look: Measure | None
    look_after: frozenset[int]
    look_at: int | None
    score_every: int
    group: int
    advance: Callable[[int], None]

    def train(self, number: int, go_on: GoOn) -> Course:
        """Train a group of networks, and return the course of those that were asked for."""
        kept = min(self.group, self.networks - number * self.group)
        split = self.splits[number % len(self.splits)]
        data = self.classifier.tensors(split.x, split.y)
        validation = self.classifier.tensors(split.x_validation, split.y_validation)
        score = measuring_program(self.classifier, _score, training=False)
        points = len(split.x)
        batch_size = None if (self.batch_size or points) >= points else self.batch_size
        start = initial_weights(self.classifier, self.seed, [number], self.group)
        epoch, seen, looks = 0, [], []
        for epochs, weights, found in rounds(
            self.classifier, start, self.optimizer, batch_size, data,
            self._orders(number, points), recorded=True,
            rescale=self.rescale,
        ):  # fmt: skip
            go_on()
            epoch += epochs
            if epoch in self.look_after:
                looks.append(self._looked(weights, data[0]))
            if epochs:
                if epoch % self.score_every == 0:
                    found = found | score(weights, *validation)
                seen.append({name: ops.convert_to_numpy(array) for name, array in found.items()})
                self.advance(kept * epochs)
        return _course(seen, looks, kept)

    def _orders(self, number: int, points: int) -> Iterator[Orders]:
        if self.batch_size is None:
            # Epochs that are trained at once: in small steps Python would take as long as they do.
            at_once = math.gcd(self.score_every, *self.look_after)
            unused = np.zeros(at_once, "int32")
            return ((unused, None) for _ in range(0, self.epochs, at_once))
        drawn = self.group // self.classifier.alike_drawn
        orders = permuted_orders(self.seed, number, drawn, points)
        return ((next(orders), None) for _ in range(self.epochs))

    def _looked(self, weights: Weights, x: Any) -> dict[str, Array]:
        assert self.look is not None
        program = measuring_program(self.classifier, self.look, training=True)
        seen = program(weights, x[:, : self.look_at])
        return {name: ops.convert_to_numpy(array) for name, array in seen.items()}


def _score(classifier: Classifier, weights: Weights, passed: Passed, x: Any, y: Any) -> Any:
    right = ops.argmax(passed.logits, axis=1) == ops.argmax(y, axis=0)
    return {
        "validation_loss": ops.mean(classifier.losses(passed.logits, y), axis=-1),
        "validation_accuracy": ops.mean(ops.cast(right, "float32"), axis=-1),
    }


def _course(seen: list[dict[str, Array]], looks: list[dict[str, Array]], kept: int) -> Course:
    """The first networks' course."""
    return Course(
        **{
            name: np.concatenate([each[name] for each in seen]).swapaxes(0, 1)[:kept]
            for name in EVERY_EPOCH
        },
        **{
            name: np.stack([each[name] for each in seen if name in each], axis=1)[:kept]
            for name in SCORED
        },
        **{name: seen[0][name][:kept] for name in OF_FIRST_STEP},
        looks={
            name: np.stack([each[name] for each in looks], axis=1)[:kept]
            for name in (looks[0] if looks else ())
        },
    )


def _check_splits(classifier: Classifier, splits: Sequence[Split]) -> None:
    if not splits or len({(s.x.shape, s.x_validation.shape) for s in splits}) != 1:
        raise ValueError("splits must be one or more, all of one shape.")
    for split in splits:
        classifier.check_data(split.x, split.y)
        classifier.check_data(split.x_validation, split.y_validation)


def _check_looks(look: Measure | None, look_after: Sequence[int], epochs: int) -> None:
    if look is None and look_after:
        raise ValueError(f"look_after needs look. Received: look_after={look_after}, look=None")
    if any(epoch not in range(epochs + 1) for epoch in look_after):
        raise ValueError(
            f"look_after must be numbers of epochs from 0 to {epochs}. Received: {look_after}"
        )
