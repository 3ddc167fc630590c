"""Hundreds of dense classifiers trained together, epoch by epoch, and what each epoch shows.

Networks are trained in groups, each by one compiled program (see ``classifier_network``), the
groups side by side. A network's initial weights and shuffling depend on the seed and on its number
alone; arms with the same seed and layer sizes start with the same kernels, so that their networks
can be compared in pairs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.experiments.classifier_network import Classifier, Passed
from normlayers.experiments.classifier_training import epoch_program, look_program, score_program
from normlayers.experiments.compiled_training import initial_state
from normlayers.experiments.stacked_network import Weights
from normlayers.experiments.stacked_optimizers import Adam, Optimizer

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
        frozenset(look_after), score_every, group, advance,
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
        train = epoch_program(self.classifier, self.optimizer, self.batch_size)
        score = score_program(self.classifier)
        state = initial_state(self.classifier.initial_weights(self.group, start), self.optimizer)
        seen: list[dict[str, Array]] = []
        looks = [self._looked(state["weights"], x)] if 0 in self.look_after else []
        for epoch in range(1, self.epochs + 1):
            if stop.is_set():
                break
            order = self._order(shuffling, len(split.x))
            state, found = train(state, order, x, y)
            if epoch % self.score_every == 0:
                found |= score(state["weights"], *validation)
            if epoch > 1:  # of the very first step only
                found = {name: a for name, a in found.items() if not name.startswith("first_")}
            seen.append(_arrays(found, kept))
            if epoch in self.look_after:
                looks.append(self._looked(state["weights"], x))
            self.advance(kept)
        return _course(seen, [{name: a[:kept] for name, a in each.items()} for each in looks])

    def _tensors(self, x: Array, y: Array) -> tuple[Any, Any]:
        of_classes = np.arange(self.classifier.classes)[:, None] == y
        return ops.convert_to_tensor(x.T), ops.convert_to_tensor(of_classes.astype("float32"))

    def _order(self, random: np.random.Generator, points: int) -> Any:
        if self.batch_size is None:
            return ops.convert_to_tensor(0, "int32")
        places = np.tile(np.arange(points, dtype="int32"), (self.group, 1))
        return ops.convert_to_tensor(random.permuted(places, axis=1))

    def _looked(self, weights: Weights, x: Any) -> dict[str, Array]:
        assert self.look is not None
        return _arrays(look_program(self.classifier, self.look)(weights, x), self.group)


def _arrays(tensors: dict[str, Any], kept: int) -> dict[str, Array]:
    return {name: ops.convert_to_numpy(tensor)[:kept] for name, tensor in tensors.items()}


def _course(seen: list[dict[str, Array]], looks: list[dict[str, Array]]) -> dict[str, Any]:
    def over_epochs(name: str) -> Array:
        return np.stack([each[name] for each in seen if name in each], axis=1)

    every = ("loss", "validation_loss", "validation_accuracy", "gradient_norms")
    return {
        **{name: over_epochs(name) for name in every},
        "first_gradient_norms": seen[0]["first_gradient_norms"],
        "input_gradient_norms": seen[0]["first_input_gradient_norms"],
        "looks": {
            name: np.stack([each[name] for each in looks], axis=1)
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
            raise ValueError(f"{name} must be a whole number from 1 on. Received: {value!r}")
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
