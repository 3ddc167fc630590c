"""Whether inputs tell anything about targets: tests by permutation, without any model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Graph
from normlayers.diagnosis.evidence.outputs import Output, are_known

Array = npt.NDArray[Any]

# Fewer rows tell too little of a weak relation.
FEWEST_ROWS = 100
# So do rows of rare classes, however many the others are.
FEWEST_OTHERS = 30
NEAREST, PERMUTATIONS = 3, 100
# Of more columns, or features, so many are looked at, evenly spaced among those that vary.
MOST_COLUMNS, MOST_FEATURES = 20, 256
# Standard deviations of what permuted targets give; one in a thousand of these is beyond, or fewer.
CHANCE = 4.0


@dataclass(frozen=True)
class Relation:
    """How targets of near rows, and targets and features, go together.

    Attributes:
        neighbours: how much nearer targets of near rows are than by chance, in standard deviations
            of what permuted targets give.
        closest: likewise, of the closest correlation of a feature and a target.
        together: likewise, of the sum of all correlations' squares, for many that are weak.
    """

    neighbours: float
    closest: float
    together: float

    @property
    def is_chance(self) -> bool:
        """Whether none is beyond chance."""
        return max(abs(self.neighbours), self.closest, self.together) < CHANCE


def relations(
    graph: Graph,
    fresh: Callable[[], Graph],
    outputs: list[Output],
    parts: list[Array],
    seed: int,
) -> dict[str, list[Relation]]:
    """How each output's targets go together with the inputs.

    With the inputs as they are, and where one is no table, with what the output's last layer takes
    as well: pixels that shift, and words, say little by their places. Of numbers that name things
    it is counted how often each of the most frequent is in a row.

    Args:
        graph: of a run on the rows.
        fresh: makes one with weights that no target has formed: what is learned by heart looks
            like a relation.
        outputs: of the same run.
        parts: the inputs of that run, flattened.
        seed: of the permutations.

    Returns:
        by the output's name; without those of too few rows, and of targets that are nearly all the
        same.
    """
    rows = len(parts[0])
    names = [_are_names(graph, tensor) for tensor in graph.inputs]
    tables = not any(names) and all(p.dtype.kind in "biuf" and p.ndim <= 2 for p in parts)
    given = [
        _counts(part) if are_names else part
        for part, are_names in zip(parts, names, strict=True)
        if part.dtype.kind in "biuf" or are_names
    ]
    untrained = graph if tables else fresh()
    found = {}
    for output, tensor in zip(outputs, untrained.outputs, strict=True):
        y = output.targets
        if y is None or y.dtype.kind not in "biuf" or len(y) != rows:
            continue
        finite = are_known(y)
        y = _columns(y[finite], output.loss.kind if output.loss else "")
        if finite.sum() < FEWEST_ROWS or _others(y) < FEWEST_OTHERS:
            continue
        spaces = [_flat(given)] if given else []
        if not tables:
            spaces += _last_taken(untrained, tensor, rows)
        tried = [relation(space[finite], y, seed) for space in spaces]
        found[output.name] = [each for each in tried if each is not None]
    return {name: tried for name, tried in found.items() if tried}


def _others(y: Array) -> int:
    """How many rows have other targets than the most have."""
    return len(y) - int(np.unique(y, axis=0, return_counts=True)[1].max())


def _columns(y: Array, kind: str) -> Array:
    """Classes as a column each."""
    flat = y.reshape(len(y), -1)
    if flat.shape[1] == 1:
        classes = np.unique(flat)
        if kind == "sparse" and 2 < len(classes) <= MOST_COLUMNS:
            return (flat == classes) * 1.0
    return flat


def _are_names(graph: Graph, tensor: Any) -> bool:
    return any(call.looks_up for call in graph.taken_by(tensor))


def _counts(part: Array) -> Array:
    """How often each of the most frequent values is in a row, shape ``(rows, values)``."""
    values, places = np.unique(part.reshape(len(part), -1), return_inverse=True)
    places = places.reshape(len(part), -1)
    frequent = np.argsort(-np.bincount(places.ravel()), kind="stable")[:MOST_FEATURES]
    column = np.full(len(values), -1)
    column[frequent] = np.arange(len(frequent))
    row, place = np.nonzero(column[places] >= 0)
    counts = np.zeros((len(part), len(frequent)), "float32")
    np.add.at(counts, (row, column[places[row, place]]), 1)
    return counts


def _flat(parts: list[Array]) -> Array:
    some = [_some_that_vary(part.reshape(len(part), -1), MOST_FEATURES) for part in parts]
    return np.concatenate(some, axis=1)


def _last_taken(graph: Graph, tensor: Any, rows: int) -> list[Array]:
    _, call = graph.back_to_matrix(tensor)
    if call is None or not call.takes or int(call.takes[0].shape[0]) != rows:
        return []
    taken = np.asarray(ops.convert_to_numpy(ops.cast(call.takes[0], "float32")))
    return [_flat([taken])] if np.isfinite(taken).all() else []


def relation(x: Array, y: Array, seed: int) -> Relation | None:
    """Nearest neighbours and correlations, each beside those of permuted targets.

    ``None`` where all rows of inputs, or of targets, are the same.

    Args:
        x: finite numbers, shape ``(rows, features)``.
        y: finite numbers, shape ``(rows, columns)``; classes as a column each.
        seed: of the permutations.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(300, 4))
        >>> y = (x[:, :1] * x[:, 1:2] > 0) * 1.0
        >>> relation(x, y, 0).is_chance, relation(x, rng.permutation(y), 0).is_chance
        (False, True)
    """
    random = np.random.default_rng(seed)
    x, y = _standardized(x, MOST_FEATURES), _standardized(y, MOST_COLUMNS)
    if not x.size or not y.size:
        return None
    near = _nearest(x)

    def figures(targets: Array) -> tuple[float, ...]:
        apart, products = np.abs(targets[:, None] - targets[near]), x.T @ targets
        return -apart.mean(), np.abs(products).max(), (products**2).sum()

    by_chance = np.array([figures(random.permutation(y)) for _ in range(PERMUTATIONS)])
    deviation = np.maximum(by_chance.std(axis=0), 1e-12)
    return Relation(*((np.array(figures(y)) - by_chance.mean(axis=0)) / deviation).tolist())


def _standardized(values: Array, most: int) -> Array:
    """Columns' ranks, of mean 0 and deviation 1; they are the same in any scale, none far out."""
    values = _some_that_vary(values, most)
    ranks = np.stack([_ranks(column) for column in values.T] or [np.zeros(0)], axis=1)
    return (ranks - ranks.mean(axis=0)) / ranks.std(axis=0) if values.size else values


def _some_that_vary(values: Array, most: int) -> Array:
    """Not all columns, for those of images are many."""
    varying = np.flatnonzero((values != values[:1]).any(axis=0))
    if len(varying) > most:
        varying = varying[np.linspace(0, len(varying) - 1, most).astype(int)]
    return values[:, varying].astype(float)


def _ranks(column: Array) -> Array:
    """Equal values have one rank, the mean of theirs."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]


def _nearest(x: Array) -> npt.NDArray[np.intp]:
    """Of each row the nearest others, shape ``(rows, NEAREST)``."""
    squares = (x**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(apart, np.inf)
    return np.argpartition(apart, NEAREST, axis=1)[:, :NEAREST]
