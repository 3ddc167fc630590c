"""Gradient descent, really run: many runs of two weights side by side, until each is near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Gradient = Callable[[Array], Array]

REACHED, DIVERGED, NOT_REACHED = "reached", "diverged", "not reached"
# A run has diverged so many times as far away as it started.
FAR = 1e6
# Steps between two looks at the distances: from FIRST_BLOCK on, doubled up to LARGEST_BLOCK.
FIRST_BLOCK, LARGEST_BLOCK = 16, 512


@dataclass
class Descents:
    """Runs of gradient descent.

    Attributes:
        steps: made by each, shape ``(runs,)``.
        outcome: of each ``REACHED``, ``DIVERGED`` or ``NOT_REACHED``.
        length: of each path, in the weights' unit.
        paths: where asked for, each run's errors (weights less the minimum), shape
            ``(steps + 1, 2)``.
    """

    steps: Array
    outcome: list[str]
    length: Array
    paths: list[Array] = field(default_factory=list)


def squared_distance(hessian: Array, error: Array) -> Array:
    """``eᵀHe``, shape ``(...)``; ``hessian`` ``(..., 2, 2)``, ``error`` ``(..., 2)``."""
    first, second = error[..., 0], error[..., 1]
    return (
        hessian[..., 0, 0] * first**2
        + 2 * hessian[..., 0, 1] * first * second
        + hessian[..., 1, 1] * second**2
    )


def quadratic_gradient(hessian: Array) -> Callable[[Array], Gradient]:
    """The gradient ``He`` of quadratic surfaces, as ``descend`` takes it.

    Args:
        hessian: shape ``(runs, 2, 2)``.
    """

    def gradient_of(runs: Array) -> Gradient:
        left, right = np.ascontiguousarray(hessian[runs].transpose(2, 0, 1))
        return lambda error: left * error[:, :1] + right * error[:, 1:]

    return gradient_of


def descend(
    gradient_of: Callable[[Array], Gradient],
    hessian: Array,
    start: Array,
    rates: Array,
    tolerance: float,
    most_steps: int,
    keep_paths: bool = False,
) -> Descents:
    """Run gradient descent until ``|e|_H`` is ``tolerance`` of the first, or it ends otherwise.

    Args:
        gradient_of: of the runs' numbers, returns what gives those runs' gradients from their
            errors (weights less the minimum), shape ``(runs, 2)``.
        hessian: at the minimum, which distances are measured by, shape ``(runs, 2, 2)``.
        start: the first errors, shape ``(runs, 2)``.
        rates: learning rates, shape ``(runs,)``.
        tolerance: under 1.
        most_steps: where to give up.
        keep_paths: whether to return the paths.

    Example:
        >>> bowl = np.array([[[0.5, 0.0], [0.0, 3.5]]])
        >>> found = descend(
        ...     quadratic_gradient(bowl), bowl, np.ones((1, 2)), np.array([0.5]), 1e-3, 100
        ... )
        >>> int(found.steps[0]), found.outcome
        (25, ['reached'])
    """
    runs = len(start)
    steps, length = np.zeros(runs, int), np.zeros(runs)
    outcome = [NOT_REACHED] * runs
    pieces: list[list[Array]] = [[start[run : run + 1]] for run in range(runs)]
    begun = squared_distance(hessian, start)
    active, error = np.arange(runs), start
    taken = 0
    while active.size and taken < most_steps:
        block = min(max(taken, FIRST_BLOCK), LARGEST_BLOCK, most_steps - taken)
        course = _course(gradient_of(active), error, rates[active], block)
        with np.errstate(over="ignore", invalid="ignore"):
            left = squared_distance(hessian[active], course[1:]) / begun[active]
            # So that what is not a number is far.
            near, far = left <= tolerance**2, ~(left <= FAR**2)
        ended = (near | far).any(axis=0)
        made = np.where(ended, (near | far).argmax(axis=0) + 1, block)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(np.diff(course, axis=0), axis=-1).cumsum(axis=0)
        length[active] += lengths[made - 1, np.arange(active.size)]
        steps[active] = taken + made
        for i in np.flatnonzero(ended):
            outcome[active[i]] = REACHED if near[made[i] - 1, i] else DIVERGED
        if keep_paths:
            for at, run in enumerate(active):
                pieces[run].append(course[1 : made[at] + 1, at])
        active, error, taken = active[~ended], course[-1, ~ended], taken + block
    paths = [np.concatenate(piece) for piece in pieces] if keep_paths else []
    return Descents(steps, outcome, length, paths)


def _course(gradient: Gradient, error: Array, rates: Array, steps: int) -> Array:
    """The errors from the first on, shape ``(steps + 1, runs, 2)``."""
    course = np.empty((steps + 1, *error.shape))
    course[0] = error
    rates = rates[:, np.newaxis]
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps):
            np.subtract(course[step], rates * gradient(course[step]), out=course[step + 1])
    return course
