"""Where groups of networks get what is random: their initial weights, and each epoch's order.

A group's random numbers depend on the seed and on its number alone, so that arms with the same
seed and layer sizes start with the same kernels and see their points in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.dense_networks import DenseNetworks, Weights

Array = npt.NDArray[Any]

# Shuffled orders trained in one call of a program, in numbers: a call takes a millisecond or two.
ORDERS_IN_A_ROUND = 8_000_000
# Of these a group's sorted at a time; more leave the caches.
SORTED_AT_ONCE = 250_000
# Groups whose orders are kept for other arms, and up to how many numbers of each.
GROUPS_KEPT, ORDERS_KEPT = 16, 12_500_000


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


def sorted_orders(
    seed: int, groups: range, size: int, numbers: Array, epochs: int
) -> Iterable[Array]:
    """Groups' shuffled orders, some epochs at a time: ``(epochs, points, networks)``.

    They are the same in every arm: to draw them takes a fifth of the time of training, so that
    those of few networks are kept. All have one shape, for which a program is compiled: the last
    ones may go beyond the epochs.

    Args:
        seed: of everything random.
        groups: their numbers.
        size: networks a group.
        numbers: what the points are called in the orders, each a number of its own from 0 on;
            how they are shuffled does not depend on it.
        epochs: how many, each in another order.
    """
    points = len(numbers)
    in_all = points * size * len(groups)
    if points * epochs * size <= ORDERS_KEPT:
        rounds = math.ceil(epochs / max(1, ORDERS_IN_A_ROUND // in_all))
        at_once = math.ceil(epochs / rounds)
        called = tuple(map(int, numbers))
        kept = [_kept_orders(seed, group, size, called, rounds * at_once) for group in groups]
        firsts = range(0, rounds * at_once, at_once)
        return (_side_by_side([of[first : first + at_once] for of in kept]) for first in firsts)
    at_once = min(epochs, max(1, ORDERS_IN_A_ROUND // in_all))
    shuffling = [_randoms(seed, group)[1] for group in groups]
    return (
        _side_by_side([_drawn(r, size, numbers, at_once) for r in shuffling])
        for _ in range(0, epochs, at_once)
    )


def _randoms(seed: int, group: int) -> list[np.random.Generator]:
    """Where a group's initial weights come from, and its shuffling."""
    streams = np.random.SeedSequence([seed, group]).spawn(2)
    return [np.random.default_rng(stream) for stream in streams]


@lru_cache(maxsize=GROUPS_KEPT)
def _kept_orders(seed: int, group: int, size: int, numbers: tuple[int, ...], epochs: int) -> Array:
    return _drawn(_randoms(seed, group)[1], size, np.array(numbers), epochs)


def _drawn(random: np.random.Generator, size: int, numbers: Array, epochs: int) -> Array:
    at_once = max(1, SORTED_AT_ONCE // (len(numbers) * size))
    parts = [
        _orders(random, size, numbers, min(at_once, epochs - first))
        for first in range(0, epochs, at_once)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _side_by_side(orders: list[Array]) -> Array:
    return orders[0] if len(orders) == 1 else np.concatenate(orders, axis=-1)


def _orders(random: np.random.Generator, size: int, numbers: Array, epochs: int) -> Array:
    """Shuffled orders of the points' numbers, shape ``(epochs, points, size)``.

    Each is the order of random keys; each key carries its point's number in its last bits, for
    numbers alone sort much faster than numbers with their places.
    """
    points = len(numbers)
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
    orders: Array = np.take(numbers.astype(_narrowest(points)), keys)  # half of the time of [keys]
    return np.ascontiguousarray(orders.transpose(0, 2, 1))


def _narrowest(points: int) -> type[np.integer[Any]]:
    """The type that holds the points' numbers."""
    return np.uint8 if points <= 2**8 else np.uint16 if points <= 2**16 else np.int32
