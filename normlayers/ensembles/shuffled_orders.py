"""Where groups of networks get what is random: their initial weights, and each epoch's order.

A group's random numbers depend on the seed and on its number alone, so that arms with the same
seed and layer sizes start with the same kernels and see their points in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.dense_networks import DenseNetworks, Weights

Array = npt.NDArray[Any]

# Shuffled orders trained in one call of a program, in numbers: a call takes a millisecond.
ORDERS_AT_ONCE = 4_000_000
# Of these a group's sorted at a time; more leave the caches.
SORTED_AT_ONCE = 250_000
# Chunks whose orders are kept for other arms, and up to how many numbers of each.
CHUNKS_KEPT, ORDERS_KEPT = 4, 50_000_000


def initial_weights(
    networks: DenseNetworks, seed: int, groups: Iterable[int], size: int
) -> Weights:
    """Groups' initial weights, ``size`` networks a group."""
    parts = [networks.initial_weights(size, _randoms(seed, group)[0]) for group in groups]
    return parts[0] if len(parts) == 1 else networks.joined(parts)


def permuted_orders(seed: int, group: int, size: int, points: int) -> Iterator[Array]:
    """A group's shuffled orders, an epoch at a time without an end: ``(1, networks, points)``."""
    shuffling = _randoms(seed, group)[1]
    places = np.tile(np.arange(points, dtype="int32"), (1, size, 1))
    while True:
        yield shuffling.permuted(places, axis=2)


def sorted_orders(seed: int, groups: range, size: int, points: int, epochs: int) -> Iterable[Array]:
    """Groups' shuffled orders, some epochs at a time: ``(epochs, points, networks)``.

    They are the same in every arm: to draw them takes a fifth of the time of training, so that
    those of few networks are kept. The last ones are followed by zeros where fewer epochs
    are left.

    Args:
        seed: of everything random.
        groups: their numbers.
        size: networks a group.
        points: that are shuffled.
        epochs: how many, each in another order.
    """
    if points * epochs * size * len(groups) <= ORDERS_KEPT:
        return _kept_orders(seed, groups, size, points, epochs)
    return _drawn_orders(seed, groups, size, points, epochs)


def _randoms(seed: int, group: int) -> list[np.random.Generator]:
    """Where a group's initial weights come from, and its shuffling."""
    streams = np.random.SeedSequence([seed, group]).spawn(2)
    return [np.random.default_rng(stream) for stream in streams]


def _drawn_orders(seed: int, groups: range, size: int, points: int, epochs: int) -> Iterator[Array]:
    at_once = max(1, ORDERS_AT_ONCE // (points * size * len(groups)))
    shuffling = [_randoms(seed, group)[1] for group in groups]
    for first in range(0, epochs, at_once):
        # Of one shape each: a program is compiled for it.
        orders = np.zeros((at_once, points, size * len(groups)), _narrowest(points))
        for number, random in enumerate(shuffling):
            _draw(random, orders[: epochs - first, :, number * size : (number + 1) * size])
        yield orders


def _draw(random: np.random.Generator, orders: Array) -> None:
    epochs, points, size = orders.shape
    at_once = max(1, SORTED_AT_ONCE // (points * size))
    for first in range(0, epochs, at_once):
        part = orders[first : first + at_once]
        part[:] = _orders(random, size, points, len(part))


@lru_cache(maxsize=CHUNKS_KEPT)
def _kept_orders(seed: int, groups: range, size: int, points: int, epochs: int) -> list[Array]:
    return list(_drawn_orders(seed, groups, size, points, epochs))


def _orders(random: np.random.Generator, size: int, points: int, epochs: int) -> Array:
    """Shuffled orders of the points, shape ``(epochs, points, size)``.

    Each is the order of random keys; each key carries its point's number in its last bits, for
    numbers alone sort much faster than numbers with their places.
    """
    bits = max(1, (points - 1).bit_length())
    # With 23 random bits or more, two of a few hundred keys are alike once in 500 orders.
    dtype = np.uint32 if bits <= 9 else np.uint64
    width = np.iinfo(dtype).bits
    # Random numbers come 64 bits at a time, and are fastest taken so.
    drawn = random.integers(0, 2**64, epochs * size * points * width // 64, np.uint64)
    keys: Array = drawn.view(dtype).reshape(epochs, size, points)
    keys &= dtype(2**width - 2**bits)
    keys |= np.arange(points, dtype=dtype)
    keys.sort(axis=-1)
    keys &= dtype(2**bits - 1)
    return np.ascontiguousarray(keys.astype(_narrowest(points)).transpose(0, 2, 1))


def _narrowest(points: int) -> type[np.integer[Any]]:
    """The type that holds the points' numbers."""
    return np.uint8 if points <= 2**8 else np.uint16 if points <= 2**16 else np.int32
