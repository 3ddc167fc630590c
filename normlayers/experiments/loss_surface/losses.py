"""Mean squared error and cross-entropy of a model of two weights, and their Hessians.

The model is ``w1 x1 + w2 x2``, or its sigmoid; it has no bias, so that all of its loss is a surface
over two weights. Everywhere ``x`` has shape ``(..., points, 2)``, ``y`` ``(..., points)`` and ``w``
``(..., 2)``; leading axes are data sets, or weights to try, and broadcast.

With ``z = X w``, ``p = sigmoid(z)`` and ``n`` points::

    mean squared error   sum (z - y)² / n                    Hessian 2 XᵀX / n, the same everywhere
    cross-entropy        sum (log(1 + exp z) - y z) / n      Hessian XᵀDX / n, D = diag p (1 - p)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NEWTON_STEPS = 60
# Newton's method has converged where its step is this small a part of the weights.
ROUNDING = 1e-12


class NoMinimumError(ValueError):
    """The loss of some data has no minimum at finite weights."""


@dataclass(frozen=True)
class Loss:
    """A loss over two weights.

    Attributes:
        label: its name in figures and tables.
        value: of ``(x, y, w)``, shape ``(...)``.
        gradient: of ``(x, y, w)``, shape ``(..., 2)``.
        hessian: of ``(x, w)``, shape ``(..., 2, 2)``.
        minimum: of ``(x, y)``, the weights of the least loss, shape ``(..., 2)``.
    """

    label: str
    value: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]
    hessian: Callable[[Array, Array], Array]
    minimum: Callable[[Array, Array], Array]


def _scores(x: Array, w: Array) -> Array:
    return np.matmul(x, w[..., np.newaxis])[..., 0]


def _times_inputs(values: Array, x: Array) -> Array:
    """The mean over the points of a value times the point's inputs."""
    return np.matmul(values[..., np.newaxis, :], x)[..., 0, :] / x.shape[-2]


def _squared_error(x: Array, y: Array, w: Array) -> Array:
    return np.mean((_scores(x, w) - y) ** 2, axis=-1)


def _squared_error_gradient(x: Array, y: Array, w: Array) -> Array:
    return 2 * _times_inputs(_scores(x, w) - y, x)


def _squared_error_hessian(x: Array, w: Array) -> Array:
    return 2 * np.matmul(np.swapaxes(x, -1, -2), x) / x.shape[-2]


def _least_squares(x: Array, y: Array) -> Array:
    hessian = _squared_error_hessian(x, np.zeros(2))
    return np.linalg.solve(hessian, 2 * _times_inputs(y, x)[..., np.newaxis])[..., 0]


def _cross_entropy(x: Array, y: Array, w: Array) -> Array:
    scores = _scores(x, w)
    return np.mean(np.logaddexp(0, scores) - y * scores, axis=-1)


def _cross_entropy_gradient(x: Array, y: Array, w: Array) -> Array:
    from scipy.special import expit

    return _times_inputs(expit(_scores(x, w)) - y, x)


def _cross_entropy_hessian(x: Array, w: Array) -> Array:
    from scipy.special import expit

    p = expit(_scores(x, w))
    weighted = x * (p * (1 - p))[..., np.newaxis]
    return np.matmul(np.swapaxes(weighted, -1, -2), x) / x.shape[-2]


def _newton(x: Array, y: Array) -> Array:
    """The minimum of cross-entropy by Newton's method, a step halved while it would lead up.

    Raises:
        NoMinimumError: a line through 0 parts the labels of a data set.
    """
    w = np.zeros((*x.shape[:-2], 2))
    value = _cross_entropy(x, y, w)
    for _ in range(NEWTON_STEPS):
        # Labels that are parted make for ever larger weights and a Hessian of 0.
        if not (np.abs(_scores(x, w)).max(axis=(-1)) < 500).all():
            break
        gradient = _cross_entropy_gradient(x, y, w)[..., np.newaxis]
        try:
            step = np.linalg.solve(_cross_entropy_hessian(x, w), gradient)[..., 0]
        except np.linalg.LinAlgError:
            break
        if (np.abs(step) <= ROUNDING * np.abs(w).max(axis=-1, keepdims=True)).all():
            return w - step
        part = np.ones(value.shape)
        for _ in range(30):
            tried = _cross_entropy(x, y, w - part[..., np.newaxis] * step)
            # At the minimum itself rounding decides.
            up = tried > value + 1e-14
            if not up.any():
                break
            part = np.where(up, part / 2, part)
        w, value = w - part[..., np.newaxis] * step, tried
    raise NoMinimumError("a line through 0 parts the labels, so that no weights are the best")


# As results.json names them.
LOSSES = {
    "mean_squared_error": Loss(
        "mean squared error",
        _squared_error,
        _squared_error_gradient,
        _squared_error_hessian,
        _least_squares,
    ),
    "cross_entropy": Loss(
        "cross-entropy", _cross_entropy, _cross_entropy_gradient, _cross_entropy_hessian, _newton
    ),
}
