"""Which points and neurons a snapshot holds, for it to stay within its budget."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Snapshots = Literal["auto"] | bool | int

# Bytes of an observation, unless somebody asks for others.
AUTO_BUDGET = 48_000
SMALLEST_BUDGET = 2_000
# A view draws no more.
MOST_POINTS = 1_000
FEWER_POINTS = (1_000, 700, 500, 400, 300, 200, 150, 100, 70, 50, 30, 20, 10, 5, 2, 1)
# Points are given up for so many neurons of each layer, and no more.
ENOUGH_NEURONS = 32
# Of so few points none are given up for more neurons than these.
FEW_POINTS, FEW_NEURONS = 100, 4
# Wider outputs are not predictions that a person reads.
MOST_OUTPUTS = 64
# Of a point and neuron, a bit and a byte; of a prediction and of a neuron's share, a float.
_PAIR, _FLOAT = 1 + 1 / 8, 4
# The header; a layer's part of it, its state, its weights; the boundary's grid.
_HEADER, _LAYER, _GRID = 200, 600, 51 * 51 + 200


@dataclass(frozen=True)
class Sample:
    """The part of a model and of its points that is recorded.

    Attributes:
        rows: indices of the points, ascending.
        columns: indices of the neurons of each layer, ascending, by the layer's name.
        predictions: whether the model's outputs are recorded.
        grid: whether the boundary's grid is.
    """

    rows: Array = field(default_factory=lambda: np.zeros(0, int))
    columns: dict[str, Array] = field(default_factory=dict)
    predictions: bool = False
    grid: bool = True


def budget_of(snapshots: Any) -> int:
    """The bytes that ``ActivationTracker``'s argument of this name allows; 0 for no snapshots.

    Raises:
        ValueError: it is none of what it may be.

    Example:
        >>> budget_of("auto"), budget_of(False), budget_of(100_000)
        (48000, 0, 100000)
    """
    if isinstance(snapshots, str) and snapshots == "auto":
        return AUTO_BUDGET
    if snapshots is False:
        return 0
    is_whole = isinstance(snapshots, numbers.Integral) and not isinstance(snapshots, bool)
    if not is_whole or snapshots < SMALLEST_BUDGET:
        raise ValueError(
            'snapshots must be "auto", False or a number of bytes for each observation, '
            f"{SMALLEST_BUDGET} or more. Received: snapshots={snapshots!r}"
        )
    return int(snapshots)


def sample(points: int, neurons: Mapping[str, int], outputs: int, budget: int) -> Sample:
    """Choose so many points and neurons that their snapshot is of at most ``budget`` bytes.

    All points, up to ``MOST_POINTS``, and all neurons, where they fit. Else points are left out
    until each layer has ``ENOUGH_NEURONS``, and neurons of the widest layers. Points are drawn at
    random, always the same ones, as evenly spaced ones may be of one class; neurons and, of very
    deep models, layers are evenly spaced.

    Args:
        points: how many there are.
        neurons: how many each layer has.
        outputs: how many the model has.
        budget: in bytes.

    Example:
        >>> some = sample(2000, {"a": 512, "b": 512, "c": 10}, 10, budget=48_000)
        >>> len(some.rows), [len(some.columns[name]) for name in "abc"]
        (300, [40, 40, 10])
    """
    # More classes than a byte has take a number each.
    of_grid = _GRID * (4 if outputs > 256 else 1)
    grid = budget >= 4 * of_grid
    room = budget - _HEADER - (of_grid if grid else 0)
    most_layers = max(1, int(room // (2 * _LAYER)))
    kept = _evenly(len(neurons), most_layers)
    names = [name for i, name in enumerate(neurons) if i in set(kept.tolist())]
    room -= _LAYER * len(names)
    predictions = 0 < outputs <= MOST_OUTPUTS
    per_point = _FLOAT * outputs if predictions else 0
    widths = [neurons[name] for name in names]
    most = min(points, MOST_POINTS)
    number, width = 1, 0
    for number in (most, *(fewer for fewer in FEWER_POINTS if fewer < most)):
        width = _width_within(room - per_point * number, widths, _PAIR * number + _FLOAT)
        enough = ENOUGH_NEURONS if number > FEW_POINTS else FEW_NEURONS
        if width >= min(enough, max(widths, default=0)):
            break
    rows = np.sort(np.random.default_rng(0).choice(points, number, replace=False))
    columns = {name: _evenly(neurons[name], max(1, width)) for name in names}
    return Sample(rows, columns, predictions, grid)


def _width_within(room: float, widths: list[int], cost: float) -> int:
    """The largest limit on layers' widths with which their neurons' cost is within the room."""
    if room < 0:
        return -1
    left, unlimited = room / cost, sorted(widths)
    while unlimited:
        share = int(left // len(unlimited))
        if share < unlimited[0]:
            return share
        left -= unlimited.pop(0)
    return max(widths, default=0)


def _evenly(number: int, most: int) -> Array:
    if number <= most:
        return np.arange(number)
    return np.unique(np.linspace(0, number - 1, most).astype(int))
