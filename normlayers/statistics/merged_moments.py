"""Moments of parts of the data put together, with more precision than the results keep."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from normlayers.statistics.block_moments import BlockMoments
from normlayers.statistics.double_double import (
    Pair,
    added,
    chosen,
    divided,
    minus,
    pair,
    squared,
    times,
    two_product,
    two_sum,
)

Array = npt.NDArray[Any]

# Blocks that are merged at once, at most, and their features in all: a merge takes 0.2 ms, of
# however few numbers.
BLOCKS_AT_ONCE, FEATURES_AT_ONCE = 64, 1 << 16
# Parts with no larger means, weights and sums of squares can be merged without an overflow: the
# squared distance of two means is at most 1.6e201, and counts for at most 1e50.
LARGEST_MEAN, LARGEST_WEIGHT, LARGEST_SQUARES = 1e100, 1e50, 1e250


class Merged(NamedTuple):
    """Moments of some data, one entry a feature.

    The sum of the weights, a number near the data, the weighted sum of the deviations from it, and
    the weighted sum of the squared deviations from the mean.

    The mean is kept as a sum of deviations, not as a number of its own: rounding a large mean at
    every merge would cost the variance digits, and of integers such a sum is exact.
    """

    n: Pair
    shift: Pair
    total: Pair
    sum_of_squares: Pair

    def mean(self) -> Array:
        """The mean, rounded once; 0 where nothing was counted."""
        return added(self.shift, self.offset()).high

    def offset(self) -> Pair:
        """The mean's distance from the shift."""
        return divided(self.total, _not_zero(self.n.high))

    def variance(self) -> Array:
        """``M / n``, rounded once; 0 where nothing was counted."""
        return divided(self.sum_of_squares, _not_zero(self.n.high)).high


class Sums(NamedTuple):
    """All that has been counted: moments, and blocks that wait to be merged with them.

    Whether the moments are far from all that could overflow is known, so that blocks that are too
    may wait: what overflows is refused when it comes.
    """

    merged: Merged
    moderate: bool
    waiting: tuple[BlockMoments, ...] = ()

    @classmethod
    def of(cls, merged: Merged) -> Sums:
        """Sums with nothing waiting."""
        n, shift, total, squares = (part.high for part in merged)
        return cls(merged, _are_moderate(n, shift, total, squares))

    def settled(self) -> Sums:
        """The same with nothing waiting."""
        if not self.waiting:
            return self
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            blocks = of_blocks(self.waiting, self.merged.n.high.shape)
            first = not self.merged.n.high.any()
            return Sums.of(blocks if first else merge(self.merged, blocks))

    def with_waiting(self, blocks: Sequence[BlockMoments]) -> Sums | None:
        """The same with more blocks; ``None`` where merging them might overflow."""
        if not self.moderate:
            return None
        for n, shift, near, total, squares in blocks:
            near_enough = (np.abs(near) <= LARGEST_MEAN).all()
            if not near_enough or not _are_moderate(n, shift, total, squares):
                return None
        found = self._replace(waiting=(*self.waiting, *blocks))
        parts = len(found.waiting)
        enough = parts >= BLOCKS_AT_ONCE or parts * self.merged.n.high.size >= FEATURES_AT_ONCE
        return found.settled() if enough else found


def _are_moderate(n: Array, shift: Array, total: Array, squares: Array) -> bool:
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        mean = np.abs(shift) + np.abs(total / _not_zero(n))
    found = mean.max(initial=0), n.max(initial=0), squares.max(initial=0)
    return all(map(operator.le, found, (LARGEST_MEAN, LARGEST_WEIGHT, LARGEST_SQUARES)))


def of_nothing(shape: tuple[int, ...]) -> Merged:
    """Moments of no data."""
    return Merged(*(pair(np.zeros(shape)) for _ in Merged._fields))


def of_blocks(blocks: Sequence[BlockMoments], shape: tuple[int, ...]) -> Merged:
    """Moments of all blocks, in the shape of the kept axes; merged as a tree, many at once."""
    stacked = (np.stack(entry).reshape(-1, *shape) for entry in zip(*blocks, strict=True))
    found = BlockMoments(*stacked)
    correction = divided(two_product(found.total, found.total), _not_zero(found.n))
    squares = added(pair(found.squares), minus(correction))
    # Rounding must not make it negative.
    squares = chosen(squares.high < 0, pair(np.zeros(found.n.shape)), squares)
    shift = two_sum(found.shift, found.near)
    merged = Merged(pair(found.n), shift, pair(found.total), squares)
    while (parts := len(merged.n.high)) > 1:
        half = parts // 2
        first, second, odd = (
            _each(operator.itemgetter(rows), merged)
            for rows in (slice(half), slice(half, 2 * half), slice(2 * half, None))
        )
        merged = _each(lambda *both: np.concatenate(both), merge(first, second), odd)
    return _each(operator.itemgetter(0), merged)


def merge(ours: Merged, theirs: Merged) -> Merged:
    """Moments of both, by the update of Chan, Golub & LeVeque (1979).

    It is off by about 2**-98 of the results, so that thousands of merges, in any order, add nothing
    to what the float64 sums of single blocks are off by. (Where weights are fractions, each float64
    sum of them makes its one rounding.)
    """
    n_ours, n_theirs = ours.n.high, theirs.n.high
    n = added(ours.n, theirs.n)
    both = (n_ours > 0) & (n_theirs > 0)
    # A side that has counted nothing of a feature has no mean to differ from.
    everywhere = both.all()
    shift = ours.shift if everywhere else chosen(n_ours > 0, ours.shift, theirs.shift)
    apart = added(theirs.shift, minus(shift))
    total = added(added(ours.total, theirs.total), times(apart, n_theirs))
    difference = added(apart, added(theirs.offset(), minus(ours.offset())))
    part = divided(two_product(n_ours, n_theirs), _not_zero(n.high))
    between = _product(squared(difference), part)
    if not everywhere:
        between = chosen(both, between, pair(np.zeros(both.shape)))
    squares = added(added(ours.sum_of_squares, theirs.sum_of_squares), between)
    return Merged(n, shift, total, squares)


def _product(a: Pair, b: Pair) -> Pair:
    return added(times(a, b.high), pair(a.high * b.low))


def _not_zero(count: Array) -> Array:
    return np.where(count > 0, count, 1.0)


def _each(function: Callable[..., Array], *several: Merged) -> Merged:
    """The function of every array of one or several."""
    return Merged(*(Pair(*map(function, *pairs)) for pairs in zip(*several, strict=True)))
