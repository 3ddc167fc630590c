"""Thousands of small networks trained together: each with its own weights and its own shuffling.

The networks of a chunk are stacked (see ``stacked_network``) and trained by one compiled program;
chunks run side by side, one a core. A network's initial weights and shuffling depend on the seed
and on its number alone, not on how many others there are or how they are chunked; its trained
weights then differ by rounding at most.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.compiled_training import initial_state, training_program
from normlayers.ensembles.stacked_network import Architecture, Weights
from normlayers.ensembles.stacked_optimizers import Optimizer, RMSprop
from normlayers.experiments.running.versions import devices

Array = npt.NDArray[Any]

# Networks that share a stream of random numbers; a multiple of every vector instruction's width.
GROUP = 64
# Networks in a program: on a processor as many as its caches hold, on a GPU as keep it busy.
CHUNK_ON_CPU, CHUNK_ON_GPU = 4 * GROUP, 256 * GROUP
# Shuffled orders made at a time, in numbers; more leave the caches.
ORDERS_AT_ONCE = 1_000_000
# Chunks whose orders are kept for other arms, and up to how many numbers of each.
CHUNKS_KEPT, ORDERS_KEPT = 4, 50_000_000


@dataclass(frozen=True)
class TrainedChunk:
    """Some of the networks, before and after training.

    Attributes:
        first: the number of the first of them.
        start, end: their weights, arrays with the networks on the last axis; see
            ``Architecture.initial_weights``.
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
    batch_size: int = 4,
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
        batch_size: points in a step; an epoch's last batch has what is left.
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
    x, y = _checked_data(architecture, x, y)
    counts = {"networks": networks, "epochs": epochs, "batch_size": batch_size}
    if chunk is not None:
        counts["chunk"] = chunk
    for name, value in counts.items():
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} must be a positive integer. Received: {value!r}")
    on_gpu = any(name.startswith("gpu") for name in devices())
    chunk = chunk or (CHUNK_ON_GPU if on_gpu else CHUNK_ON_CPU)
    job = _Job(
        architecture, x, y, epochs, min(batch_size, len(x)), optimizer or RMSprop(), seed, advance
    )
    return _chunks(job, networks, _groups_of(networks, -(-chunk // GROUP)))


def _groups_of(networks: int, most: int) -> list[range]:
    """The groups of each chunk: chunks as equal as can be, so that few programs are compiled."""
    groups = -(-networks // GROUP)
    chunks = -(-groups // most)
    size = -(-groups // chunks)
    return [range(first, min(first + size, groups)) for first in range(0, groups, size)]


def _chunks(job: _Job, networks: int, groups: list[range]) -> Generator[TrainedChunk, None, None]:
    stop = Event()
    waiting: deque[Future[TrainedChunk]] = deque()
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for chunk in groups:
            if len(waiting) > (os.cpu_count() or 1):
                yield waiting.popleft().result()
            waiting.append(pool.submit(job.train, chunk, networks, stop))
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Interrupted or left early, training ends with the epochs that are being trained.
        stop.set()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Job:
    architecture: Architecture
    x: Array
    y: Array
    epochs: int
    batch_size: int
    optimizer: Optimizer
    seed: int
    advance: Callable[[int], None]

    def train(self, groups: range, networks: int, stop: Event) -> TrainedChunk:
        """Train some groups of networks, of which those from ``networks`` on are left out."""
        start = self._initial_weights([_randoms(self.seed, group)[0] for group in groups])
        program = training_program(self.architecture, self.optimizer, self.batch_size)
        x, y = ops.convert_to_tensor(self.x), ops.convert_to_tensor(self.y)
        state = initial_state(start, self.optimizer)
        kept = min(networks - groups.start * GROUP, len(groups) * GROUP)
        done = 0
        for orders in _orders_of(self.seed, groups, len(x), self.epochs):
            if stop.is_set():
                break
            epochs = min(len(orders), self.epochs - done)
            done += epochs
            # A tensor: of a Python number the program would be compiled for each value.
            count = ops.convert_to_tensor(epochs, "int32")
            state = program(state, ops.convert_to_tensor(orders), count, x, y)
            self.advance(epochs * kept)
        end = [
            {name: ops.convert_to_numpy(array)[..., :kept] for name, array in layer.items()}
            for layer in state["weights"]
        ]
        start = [{name: a[..., :kept] for name, a in layer.items()} for layer in start]
        return TrainedChunk(groups.start * GROUP, start, end)

    def _initial_weights(self, randoms: list[np.random.Generator]) -> Weights:
        groups = [self.architecture.initial_weights(GROUP, random) for random in randoms]
        return [
            {name: np.concatenate([g[depth][name] for g in groups], axis=-1) for name in layer}
            for depth, layer in enumerate(groups[0])
        ]


def _randoms(seed: int, group: int) -> list[np.random.Generator]:
    """Where a group's initial weights come from, and its shuffling."""
    streams = np.random.SeedSequence([seed, group]).spawn(2)
    return [np.random.default_rng(stream) for stream in streams]


def _orders_of(seed: int, groups: range, points: int, epochs: int) -> Iterable[Array]:
    """Groups' shuffled orders, some epochs at a time.

    They are the same in every arm: to draw them takes a fifth of the time of training, so that
    those of few networks are kept.
    """
    if points * epochs * GROUP * len(groups) <= ORDERS_KEPT:
        return _kept_orders(seed, groups, points, epochs)
    return _drawn_orders(seed, groups, points, epochs)


def _drawn_orders(seed: int, groups: range, points: int, epochs: int) -> Iterator[Array]:
    at_once = max(1, ORDERS_AT_ONCE // (points * GROUP * len(groups)))
    shuffling = [_randoms(seed, group)[1] for group in groups]
    for _ in range(0, epochs, at_once):
        yield np.concatenate([_orders(r, points, at_once) for r in shuffling], axis=-1)


@lru_cache(maxsize=CHUNKS_KEPT)
def _kept_orders(seed: int, groups: range, points: int, epochs: int) -> list[Array]:
    return list(_drawn_orders(seed, groups, points, epochs))


def _orders(random: np.random.Generator, points: int, epochs: int) -> Array:
    """Shuffled orders of the points, shape ``(epochs, points, GROUP)``.

    Each is the order of random keys; each key carries its point's number in its last bits, for
    numbers alone sort much faster than numbers with their places.
    """
    bits = max(1, (points - 1).bit_length())
    # With 23 random bits or more, two of a few hundred keys are alike once in 500 orders.
    dtype = np.uint32 if bits <= 9 else np.uint64
    width = np.iinfo(dtype).bits
    # Random numbers come 64 bits at a time, and are fastest taken so.
    drawn = random.integers(0, 2**64, epochs * GROUP * points * width // 64, np.uint64)
    keys: Array = drawn.view(dtype).reshape(epochs, GROUP, points)
    keys &= dtype(2**width - 2**bits)
    keys |= np.arange(points, dtype=dtype)
    keys.sort(axis=-1)
    keys &= dtype(2**bits - 1)
    narrow = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.int32
    return np.ascontiguousarray(keys.astype(narrow).transpose(0, 2, 1))


def _checked_data(architecture: Architecture, x: Array, y: Array) -> tuple[Array, Array]:
    x, y = np.asarray(x, "float32"), np.asarray(y, "float32")
    y = y.reshape(len(y), -1)[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if x.ndim != 2 or x.shape[1] != architecture.inputs or y.shape != x.shape[:1] or not len(x):
        raise ValueError(
            f"x must be of shape (points, {architecture.inputs}) and y of shape (points,). "
            f"Received: {x.shape} and {y.shape}"
        )
    if not np.isfinite(x).all() or not np.isin(y, (0, 1)).all():
        raise ValueError("x must be finite, and y 0 or 1; some are not.")
    return x, y
