"""What gradient descent does on a quadratic surface, in closed form.

Of a surface with Hessian ``H``, eigenvalues ``λmin <= λmax`` and ``κ = λmax / λmin``, a step of
learning rate ``η`` shrinks the error's part along an eigenvector by ``1 - η λ``. So::

    largest stable rate     2 / λmax
    best rate               2 / (λmin + λmax), at which both shrink by q = (κ - 1) / (κ + 1)
    steps to a tolerance    ln(1 / tolerance) / ln(1 / q) at the best rate, from wherever it starts

The distance to the minimum is measured as ``|e|_H``, the root of ``eᵀHe``: its square is twice the
loss above the minimum. Eigenvalues have shape ``(..., 2)`` and rise. Source: any textbook of convex
optimization, such as Nesterov's (2018), section 1.2.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def condition_number(eigenvalues: Array) -> Array:
    """``κ``: 1 for a round surface.

    Example:
        >>> float(condition_number(np.array([0.5, 3.5])))
        7.0
    """
    return eigenvalues[..., 1] / eigenvalues[..., 0]


def largest_stable_rate(eigenvalues: Array) -> Array:
    """From this learning rate on the error does not shrink."""
    return 2 / eigenvalues[..., 1]


def best_rate(eigenvalues: Array) -> Array:
    """The learning rate that shrinks the larger of both parts most."""
    return 2 / eigenvalues.sum(axis=-1)


def contraction(condition: Array) -> Array:
    """``q``: what a step at the best rate leaves of the distance.

    Example:
        >>> float(contraction(np.array(7.0)))
        0.75
    """
    return (condition - 1) / (condition + 1)


def predicted_steps(condition: Array, tolerance: float) -> Array:
    """Whole steps at the best rate until the distance is ``tolerance`` of the first; 1 or more.

    Example:
        >>> float(predicted_steps(np.array(7.0), 1e-3))  # ln 1000 / ln (8 / 6) = 24.01
        25.0
    """
    with np.errstate(divide="ignore"):
        steps = np.log(1 / tolerance) / np.log(1 / contraction(np.asarray(condition, float)))
    return np.maximum(1.0, np.ceil(steps))


def energy_shares(hessian: Array, error: Array) -> Array:
    """Each eigenvector's share in ``eᵀHe``, shape ``(..., 2)``; they sum to 1."""
    eigenvalues, vectors = np.linalg.eigh(hessian)
    parts = np.matmul(np.swapaxes(vectors, -1, -2), error[..., np.newaxis])[..., 0]
    energy = eigenvalues * parts**2
    return energy / energy.sum(axis=-1, keepdims=True)


def remaining(eigenvalues: Array, shares: Array, rate: Array, steps: Array) -> Array:
    """The loss above the minimum after so many steps, as a part of the first.

    Args:
        eigenvalues: of the Hessian.
        shares: as ``energy_shares`` returns them.
        rate: the learning rate, shape ``(...)``.
        steps: how many, shape ``(...)``.

    Example:
        >>> shares = np.array([0.5, 0.5])
        >>> left = remaining(np.array([0.5, 3.5]), shares, np.array(0.5), np.array(2))
        >>> round(float(left), 12)  # (3 / 4) ** 4
        0.31640625
    """
    factors = np.abs(1 - np.asarray(rate)[..., np.newaxis] * eigenvalues)
    with np.errstate(over="ignore"):
        powers = factors ** (2 * np.asarray(steps)[..., np.newaxis])
    return (shares * powers).sum(axis=-1)


def exact_steps(eigenvalues: Array, shares: Array, rate: Array, tolerance: float) -> Array:
    """Whole steps at any rate until the distance is ``tolerance`` of the first.

    Args:
        eigenvalues: of the Hessian.
        shares: as ``energy_shares`` returns them.
        rate: the learning rate, shape ``(...)``.
        tolerance: under 1.

    Returns:
        1 or more, infinite where the rate is not stable, shape ``(...)``.
    """
    rate = np.broadcast_to(rate, eigenvalues.shape[:-1])
    slowest = np.abs(1 - rate[..., np.newaxis] * eigenvalues).max(axis=-1)
    stable = slowest < 1
    with np.errstate(divide="ignore"):
        longest = np.log(tolerance) / np.log(np.where(stable, slowest, 0.5))
    most = np.maximum(1.0, np.ceil(longest))
    least = np.zeros_like(most)
    # What remains falls with every step: halve the range of steps that the answer is in.
    for _ in range(int(np.log2(most.max())) + 2):
        middle = np.floor((least + most) / 2)
        far = remaining(eigenvalues, shares, rate, middle) > tolerance**2
        least, most = np.where(far, middle, least), np.where(far, most, np.maximum(middle, 1))
    return np.where(stable, most, np.inf)
