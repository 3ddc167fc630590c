"""Many hidden layers at initialization, and how many points activate their neurons.

Each layer has weights of its own from U(-1, 1), a bias that is 0 or U(-1, 1), and data of its own
from U(c - 1, c + 1) in each input, c the shift. They are drawn once, as weights w, bias b and
unshifted data u; at shift c the pre-activation is

    w·(u + c) + b = w·u + (c·sum(w) + b),

so that every shift and both biases compare the same w·u with another threshold. The shifts and
biases thus share their random numbers: each is a fair sample, and differences between them are
known better than from independent samples, but they are not independent of each other.

Layers are simulated a chunk at a time, chunks side by side, one a core. A layer's random numbers
depend on the seed, on the sizes and on its own number alone, and chunks are added up in order, so
the outcome depends neither on the cores nor on the timing; memory does not grow with the number
of networks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.side_by_side import GoOn, side_by_side

Array = npt.NDArray[Any]

SHIFTS = tuple(range(10))
BIASES = ("bias_zero", "bias_uniform")
# Numbers in a chunk, four bytes each: few enough for a core's cache, enough to be worth a call.
CHUNK = 2**21
# Numbers in all chunks under way; there are fewer of them where one alone is large.
UNDER_WAY = 2**25


@dataclass(frozen=True)
class Odds:
    """What was counted. Arrays begin with the axes (bias, shift): ``BIASES``, ``shifts``.

    A neuron's count is the number of its network's points that activate it, a pair's the number
    that activates both. The pairs are neurons 0 and 1, 2 and 3 and so on: all pairs are alike, and
    these, which share no neuron, are given the data independent of each other.

    Attributes:
        networks, points, inputs, neurons: the sizes.
        shifts: c, in each input.
        neuron_counts: how many neurons have a count of 0, 1, ..., points.
        pair_counts: how many pairs have.
        number_active: how many points, of all networks, activate 0, 1, ..., neurons of them.
        on_part: how many networks have 0, 1, ..., neurons active on part of their points.
        active_sum: the networks' mean shares of active neurons, in [0, 1], added up.
        active_squares: their squares added up.
    """

    networks: int
    points: int
    inputs: int
    neurons: int
    shifts: tuple[float, ...]
    neuron_counts: Array
    pair_counts: Array
    number_active: Array
    on_part: Array
    active_sum: Array
    active_squares: Array


def simulate(
    seed: int = 0,
    networks: int = 100_000,
    points: int = 200,
    inputs: int = 2,
    neurons: int = 2,
    shifts: Sequence[float] = SHIFTS,
    advance: Callable[[int], None] = lambda networks: None,
    workers: int | None = None,
) -> Odds:
    """Draw networks and data, and count who is active.

    Args:
        seed: of everything random.
        networks: how many, each with its own weights and data.
        points: of each network's data.
        inputs: of the layer.
        neurons: of the layer.
        shifts: of the data.
        advance: called as the simulation goes on with the networks done since.
        workers: chunks side by side; ``None``: as many as there are cores.

    Raises:
        ValueError: a size is less than 1.

    Example:
        >>> odds = simulate(networks=1000, points=50)
        >>> int(odds.number_active[0, 0].sum())
        50000
    """
    sizes = {"networks": networks, "points": points, "inputs": inputs, "neurons": neurons}
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be a positive integer. Received: {size}")
    odds = _nothing_counted(tuple(shifts), **sizes)
    with closing(_chunks(odds, seed, workers or os.cpu_count() or 1)) as chunks:
        for chunk in chunks:
            _add(odds, chunk)
            advance(chunk.neurons.shape[-1])
    return odds


def _nothing_counted(shifts: tuple[float, ...], **sizes: int) -> Odds:
    def zeros(*values: int, dtype: type = np.int64) -> Array:
        return np.zeros((len(BIASES), len(shifts), *values), dtype)

    return Odds(
        **sizes,
        shifts=shifts,
        neuron_counts=zeros(sizes["points"] + 1),
        pair_counts=zeros(sizes["points"] + 1),
        number_active=zeros(sizes["neurons"] + 1),
        on_part=zeros(sizes["neurons"] + 1),
        active_sum=zeros(dtype=float),
        active_squares=zeros(dtype=float),
    )


@dataclass(frozen=True)
class _Chunk:
    """Counts of neurons and of pairs, shape ``(settings..., neurons or pairs, networks)``."""

    neurons: Array
    pairs: Array
    number_active: Array


def _chunks(odds: Odds, seed: int, workers: int) -> Generator[_Chunk, None, None]:
    """All chunks in order, some at a time."""
    # Of one network: data, pre-activations, and what is counted at the usual shifts. At other
    # shifts the same networks are to be drawn.
    counted = 4 * len(BIASES) * len(SHIFTS) * odds.neurons
    numbers = odds.points * (odds.inputs + 2 * odds.neurons) + counted
    size = max(1, CHUNK // numbers)

    def simulated(number: int, go_on: GoOn) -> _Chunk:
        go_on()
        random = np.random.default_rng(np.random.SeedSequence([seed, number]))
        return _simulate_chunk(odds, random, size, min(size, odds.networks - number * size))

    workers = max(1, min(workers, UNDER_WAY // (numbers * size)))
    return side_by_side(simulated, range(-(-odds.networks // size)), workers)


def _simulate_chunk(odds: Odds, random: np.random.Generator, size: int, kept: int) -> _Chunk:
    """Draw a chunk of ``size`` networks, and count what the first ``kept`` of them do."""

    def uniform(*shape: int) -> Array:
        numbers = random.random(shape, np.float32)
        numbers *= 2
        numbers -= 1
        return numbers

    weights = uniform(odds.inputs, odds.neurons, size)[..., :kept]
    bias = uniform(odds.neurons, size)[:, :kept]
    data = uniform(odds.inputs, size, odds.points)[:, :kept]
    # The pre-activations of unshifted data, shape (neurons, networks, points).
    z = weights[0][..., np.newaxis] * data[0]
    for weight, x in zip(weights[1:], data[1:], strict=True):
        z += weight[..., np.newaxis] * x
    reach = weights.sum(axis=0)
    active = np.empty(z.shape, bool)
    settings = (len(BIASES), len(odds.shifts))
    found = _Chunk(
        np.empty((*settings, odds.neurons, kept), np.int32),
        np.empty((*settings, odds.neurons // 2, kept), np.int32),
        np.empty((*settings, odds.neurons + 1), np.int64),
    )
    for b, s in np.ndindex(settings):
        threshold = -(np.float32(odds.shifts[s]) * reach + b * bias)
        np.greater(z, threshold[..., np.newaxis], out=active)
        found.neurons[b, s] = _count(active)
        found.pairs[b, s] = _count(active[:-1:2] & active[1::2])
        found.number_active[b, s] = _histogram(active.sum(axis=0, dtype=np.int32), odds.neurons)
    return found


def _count(flags: Array) -> Array:
    """How many are true along the last axis.

    Bytes are added up several times as fast as words, but hold 255 at most.
    """
    blocks = np.arange(0, flags.shape[-1], 255)
    ones = flags.view(np.uint8)
    return np.add.reduceat(ones, blocks, axis=-1, dtype=np.uint8).sum(axis=-1, dtype=np.int32)


def _histogram(numbers: Array, most: int) -> Array:
    """How many of the numbers are 0, 1, ..., ``most``; comparing is faster where these are few."""
    if most < 16:
        return np.array([np.count_nonzero(numbers == k) for k in range(most + 1)])
    return np.bincount(numbers.reshape(-1), minlength=most + 1)


def _add(odds: Odds, chunk: _Chunk) -> None:
    count = chunk.neurons
    _tally(odds.neuron_counts, count)
    _tally(odds.pair_counts, chunk.pairs)
    odds.number_active[...] += chunk.number_active
    _tally(odds.on_part, ((count > 0) & (count < odds.points)).sum(axis=2))
    share = count.sum(axis=2) / (odds.points * odds.neurons)
    odds.active_sum[...] += share.sum(axis=-1)
    odds.active_squares[...] += (share**2).sum(axis=-1)


def _tally(tally: Array, values: Array) -> None:
    """Count values 0, 1, ... of each setting, the first two axes, into ``tally``."""
    width = tally.shape[-1]
    offsets = width * np.arange(tally[..., 0].size).reshape(*tally.shape[:2], 1)
    values = values.reshape(*tally.shape[:2], -1)
    np.add.at(tally.reshape(-1), (values + offsets).reshape(-1), 1)
