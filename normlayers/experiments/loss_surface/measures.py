"""Loss surfaces of many data sets in every scaling, and gradient descent on them.

What is counted over all data sets is on the mean squared error, which is quadratic: there gradient
descent runs on the exact gradient ``H (w - w*)``. On the first data set it runs on both losses'
gradients at the data themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.loss_surface import quadratic_descent as theory
from normlayers.experiments.loss_surface.data import SCALINGS, DataSets, scaled
from normlayers.experiments.loss_surface.gradient_descent import (
    Descents,
    Gradient,
    descend,
    quadratic_gradient,
)
from normlayers.experiments.loss_surface.losses import LOSSES, Loss

Array = npt.NDArray[Any]
# By ALL or a loss, and by scaling.
Runs = dict[tuple[str, str], Descents]

SQUARED_ERROR, *_ = LOSSES
# Runs on all data sets, beside those on the first data set, which have their loss's name.
ALL = "all"
SURFACES = (1 + len(LOSSES)) * len(SCALINGS)
# A start near the minimum: this part of the way from it to weights of 0. On a surface of condition
# number 1e4 the best rate is within 1e-4 of an unstable one, which so little a change of curvature
# makes it: near is very near.
NEAR = 1e-4
# So many only keep a run from going on for ever: every surface is reached at its best rate.
MOST_STEPS_ANYWHERE = 10_000_000


@dataclass(frozen=True)
class Surface:
    """A loss's surfaces in inputs of one scaling, one a data set.

    Attributes:
        minimum: the best weights, shape ``(sets, 2)``.
        hessian: there, shape ``(sets, 2, 2)``.
        eigenvalues: of it, rising, shape ``(sets, 2)``.
        condition: its condition number, shape ``(sets,)``.
    """

    minimum: Array
    hessian: Array
    eigenvalues: Array
    condition: Array


@dataclass(frozen=True)
class Counted:
    """Gradient descent from weights of 0 on the mean squared error of all data sets.

    Attributes:
        steps: made at the best rate, shape ``(sets,)``.
        predicted: by theory, the same shape.
        detour: the path's length over the straight distance, the same shape.
        shared_steps: at the shared rate, in closed form; infinite where it is not stable.
    """

    steps: Array
    predicted: Array
    detour: Array
    shared_steps: Array


@dataclass(frozen=True)
class Drawn:
    """The first data set's surface, and gradient descent on it.

    Attributes:
        x, y: the scaled inputs and the targets or labels.
        minimum, hessian, eigenvalues: as ``Surface``'s, of this data set.
        start: the first error, weights of 0 less the minimum.
        rates: the best and the shared learning rate.
        runs: at the best and at the shared rate, then at the best from near the minimum, with
            their paths.
    """

    x: Array
    y: Array
    minimum: Array
    hessian: Array
    eigenvalues: Array
    start: Array
    rates: tuple[float, float]
    runs: Descents


@dataclass(frozen=True)
class Findings:
    """Everything the measures, claims and figures are made from.

    Attributes:
        surfaces: by loss and scaling.
        counted: by scaling.
        drawn: by loss and scaling.
        data_sets, points: how many.
        learning_rate: the shared one.
        tolerance: of the distance.
    """

    surfaces: dict[tuple[str, str], Surface]
    counted: dict[str, Counted]
    drawn: dict[tuple[str, str], Drawn]
    data_sets: int
    points: int
    learning_rate: float
    tolerance: float


def surfaces_of(data: DataSets) -> dict[tuple[str, str], Surface]:
    """Both losses' surfaces in all scalings.

    Raises:
        NoMinimumError: the cross-entropy of a data set has no minimum.
    """
    found = {}
    for scaling in SCALINGS:
        x = scaled(data.inputs, scaling)
        for name, loss in LOSSES.items():
            minimum = loss.minimum(x, _wanted(data, name))
            hessian = loss.hessian(x, minimum)
            eigenvalues = np.linalg.eigvalsh(hessian)
            condition = theory.condition_number(eigenvalues)
            found[name, scaling] = Surface(minimum, hessian, eigenvalues, condition)
    return found


def descend_everywhere(
    data: DataSets,
    surfaces: dict[tuple[str, str], Surface],
    learning_rate: float,
    tolerance: float,
    most_steps: int,
    advance: Callable[[int], None] = lambda surfaces: None,
) -> Runs:
    """Run gradient descent on all surfaces.

    Args:
        data: the data sets.
        surfaces: theirs.
        learning_rate: the shared one.
        tolerance: where a run ends: the distance ``|w - w*|_H``, as a part of the first.
        most_steps: where a run on the first data set is given up.
        advance: called with 1 after each of ``SURFACES``.

    Returns:
        the runs, by ``ALL`` or a loss and by scaling.
    """
    runs: Runs = {}
    for scaling in SCALINGS:
        runs[ALL, scaling] = _descend_all(surfaces[SQUARED_ERROR, scaling], tolerance)
        advance(1)
    for name, loss in LOSSES.items():
        for scaling in SCALINGS:
            x, y = scaled(data.inputs[0], scaling), _wanted(data, name)[0]
            asked = learning_rate, tolerance, most_steps
            runs[name, scaling] = _descend_first(loss, x, y, surfaces[name, scaling], asked)
            advance(1)
    return runs


def findings_of(
    data: DataSets,
    surfaces: dict[tuple[str, str], Surface],
    runs: Runs,
    learning_rate: float,
    tolerance: float,
) -> Findings:
    """What claims and figures are made from; the arguments as of ``descend_everywhere``."""
    counted = {
        scaling: _counted(
            surfaces[SQUARED_ERROR, scaling], runs[ALL, scaling], learning_rate, tolerance
        )
        for scaling in SCALINGS
    }
    drawn = {
        (name, scaling): _drawn(
            scaled(data.inputs[0], scaling),
            _wanted(data, name)[0],
            surfaces[name, scaling],
            runs[name, scaling],
            learning_rate,
        )
        for name in LOSSES
        for scaling in SCALINGS
    }
    sets, points = data.labels.shape
    return Findings(surfaces, counted, drawn, sets, points, learning_rate, tolerance)


def _wanted(data: DataSets, loss: str) -> Array:
    return data.targets if loss == SQUARED_ERROR else data.labels


def _descend_all(surface: Surface, tolerance: float) -> Descents:
    hessian = surface.hessian
    return descend(
        quadratic_gradient(hessian), hessian, -surface.minimum,
        theory.best_rate(surface.eigenvalues), tolerance, MOST_STEPS_ANYWHERE,
    )  # fmt: skip


def _counted(surface: Surface, runs: Descents, learning_rate: float, tolerance: float) -> Counted:
    start = -surface.minimum
    return Counted(
        runs.steps,
        theory.predicted_steps(surface.condition, tolerance),
        runs.length / np.linalg.norm(start, axis=-1),
        theory.exact_steps(
            surface.eigenvalues,
            theory.energy_shares(surface.hessian, start),
            np.array(learning_rate),
            tolerance,
        ),
    )


def _descend_first(
    loss: Loss, x: Array, y: Array, surface: Surface, asked: tuple[float, float, int]
) -> Descents:
    learning_rate, tolerance, most_steps = asked
    minimum = surface.minimum[0]
    best = float(theory.best_rate(surface.eigenvalues[0]))
    return descend(
        lambda active: _gradient_at(loss, x, y, minimum),
        np.broadcast_to(surface.hessian[0], (3, 2, 2)),
        -np.stack([minimum, minimum, NEAR * minimum]),
        np.array([best, learning_rate, best]),
        tolerance, most_steps, keep_paths=True,
    )  # fmt: skip


def _drawn(x: Array, y: Array, surface: Surface, runs: Descents, learning_rate: float) -> Drawn:
    minimum, eigenvalues = surface.minimum[0], surface.eigenvalues[0]
    rates = float(theory.best_rate(eigenvalues)), learning_rate
    return Drawn(x, y, minimum, surface.hessian[0], eigenvalues, -minimum, rates, runs)


def _gradient_at(loss: Loss, x: Array, y: Array, minimum: Array) -> Gradient:
    return lambda error: loss.gradient(x, y, minimum + error)
