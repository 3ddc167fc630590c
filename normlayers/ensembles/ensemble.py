"""Thousands of small networks trained together: each with its own weights and its own shuffling.

The networks of a chunk are stacked (see ``stacked_network``) and trained by one compiled program;
chunks run side by side, one a core. A network's initial weights and shuffling depend on the seed
and on its number alone, not on how many others there are or how they are chunked; its trained
weights then differ by rounding at most.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.compiled_training import Orders, rounds
from normlayers.ensembles.dense_networks import Weights
from normlayers.ensembles.devices import devices
from normlayers.ensembles.forward_pass import layers
from normlayers.ensembles.shuffled_orders import initial_weights, sorted_orders
from normlayers.ensembles.side_by_side import GoOn, side_by_side
from normlayers.ensembles.stacked_network import Architecture
from normlayers.ensembles.stacked_optimizers import Optimizer, RMSprop
from normlayers.statistics.counts import check_counts

Array = npt.NDArray[Any]

# Networks that share a stream of random numbers; a multiple of every vector instruction's width.
GROUP = 64
# Networks in a program: on a processor as many as its caches hold, on a GPU as keep it busy.
CHUNK_ON_CPU, CHUNK_ON_GPU = 4 * GROUP, 256 * GROUP


@dataclass(frozen=True)
class TrainedChunk:
    """Some of the networks, before and after training.

    Attributes:
        first: the number of the first of them.
        start, end: their weights, arrays with the networks on the last axis; see ``Architecture``.
    """

    first: int
    start: Weights
    end: Weights


def train_ensemble(
    architecture: Architecture,
    x: Array,
    y: Array,
    networks: int,
    epochs: int,
    batch_size: int | None = 4,
    optimizer: Optimizer | None = None,
    seed: int = 0,
    chunk: int | None = None,
    advance: Callable[[int], None] = lambda network_epochs: None,
) -> Generator[TrainedChunk, None, None]:
    """Train networks on the same data, as ``model.fit`` would each.

    Memory holds a few chunks at a time, however many networks there are.

    Args:
        architecture: of every network.
        x: the data, shape ``(points, features)``.
        y: their labels, 0 or 1, shape ``(points,)`` or ``(points, 1)``.
        networks: how many.
        epochs: passes over the data.
        batch_size: points in a step; an epoch's last batch has what is left. ``None``: all of them.
        optimizer: of ``stacked_optimizers``; ``None``: ``RMSprop()``, as ``compile``'s default.
        seed: of the initial weights and the shuffling.
        chunk: networks in a program, rounded up to a multiple of 64; ``None``: 256 on a
            processor, 16,384 on a GPU.
        advance: called as training goes on with the epochs of networks trained since.

    Yields:
        the chunks in order.

    Raises:
        ValueError: an argument is out of range, or the data are not numbers of these shapes.

    Example:
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> chunks = train_ensemble(Architecture(inputs=1), x, x[:, 0] > 1, networks=100, epochs=2)
        >>> [chunk.end[0]["kernel"].shape for chunk in chunks]
        [(1, 2, 100)]
    """
    x, y = np.asarray(x, "float32"), np.asarray(y, "float32")
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    architecture.check_data(x, y)
    check_counts(networks=networks, epochs=epochs)
    check_counts(batch_size=batch_size, chunk=chunk, optional=True)
    if chunk is None:
        on_gpu = any(name.startswith("gpu") for name in devices())
        chunk = CHUNK_ON_GPU if on_gpu else CHUNK_ON_CPU
    by_label = np.argsort(y, kind="stable")
    job = _Job(
        architecture, x[by_label], y[by_label], np.argsort(by_label), networks, epochs,
        min(batch_size or len(x), len(x)), optimizer or RMSprop(), seed, advance,
    )  # fmt: skip
    return side_by_side(job.train, _groups_of(networks, -(-chunk // GROUP)))


def _groups_of(networks: int, most: int) -> list[range]:
    """The groups of each chunk: chunks as equal as can be, so that few programs are compiled."""
    groups = -(-networks // GROUP)
    chunks = -(-groups // most)
    size = -(-groups // chunks)
    return [range(first, min(first + size, groups)) for first in range(0, groups, size)]


@dataclass(frozen=True)
class _Job:
    architecture: Architecture
    x: Array
    y: Array
    numbers: Array  # of the points as they were given
    networks: int
    epochs: int
    batch_size: int
    optimizer: Optimizer
    seed: int
    advance: Callable[[int], None]

    def train(self, groups: range, go_on: GoOn) -> TrainedChunk:
        """Train some groups of networks; of the last one those that nobody asked for are left out.

        They are trained with the others: a group's random numbers are drawn as a whole.
        """
        first = groups.start * GROUP
        kept = min(self.networks - first, len(groups) * GROUP)
        start = initial_weights(self.architecture, self.seed, groups, GROUP)
        data = self.architecture.tensors(self.x, self.y)
        trained = start
        for epochs, weights, _ in rounds(
            self.architecture, start, self.optimizer, self.batch_size, data, self._orders(groups)
        ):
            go_on()
            self.advance(epochs * kept)
            trained = weights
        end = [
            {name: ops.convert_to_numpy(array) for name, array in layer.items()}
            for layer in layers(self.architecture, trained)
        ]
        return TrainedChunk(
            first, self.architecture.first(start, kept), self.architecture.first(end, kept)
        )

    def _orders(self, groups: range) -> Iterator[Orders]:
        left = self.epochs
        for orders in sorted_orders(self.seed, groups, GROUP, self.numbers, self.epochs):
            epochs = min(len(orders), left)
            yield orders, epochs
            left -= epochs
