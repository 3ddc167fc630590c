"""What activations say: pure functions on arrays of shape ``(points, neurons)``.

A neuron is *active* on a point where its pre-activation is positive: where its output is over
``threshold(activation)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

STATES = ("dead", "selective", "always_on")
ACTIVATIONS_OF_0 = {
    "sigmoid": 0.5,
    "hard_sigmoid": 0.5,
    "sparse_sigmoid": 0.5,
    "softplus": float(np.log(2)),
    "log_sigmoid": float(-np.log(2)),
    "exponential": 1.0,
}


def threshold(activation: str) -> float:
    """The output over which a neuron with this activation counts as active.

    Args:
        activation: the activation's Keras name.

    Returns:
        the activation of 0: 1/2 for the sigmoids, ln 2 for softplus, -ln 2 for the log of the
        sigmoid, 1 for the exponential; 0 for ReLU and its kin, tanh, linear and every other.

    Example:
        >>> threshold("sigmoid"), threshold("relu")
        (0.5, 0.0)
    """
    return ACTIVATIONS_OF_0.get(activation, 0.0)


def active_share(active: Array) -> Array:
    """Share of the points on which each neuron is active.

    Args:
        active: booleans, shape ``(points, neurons)``.

    Returns:
        shape ``(neurons,)``, each in [0, 1].

    Example:
        >>> active_share(np.array([[True, False], [True, True]])).tolist()
        [1.0, 0.5]
    """
    return np.asarray(active, bool).mean(axis=0)


def states(share: Array, tolerance: float = 0.0) -> Array:
    """Name each neuron's state by the share of the points that activates it.

    Args:
        share: shape ``(neurons,)``, as from ``active_share``.
        tolerance: shares up to ``tolerance`` count as none of the points, shares from
            ``1 - tolerance`` as all. In [0, 1/2).

    Returns:
        ``"dead"`` (active on none), ``"always_on"`` (on all) or ``"selective"`` (on part), shape
        ``(neurons,)``.

    Raises:
        ValueError: ``tolerance`` is out of range.

    Example:
        >>> states(np.array([0.0, 0.4, 1.0])).tolist()
        ['dead', 'selective', 'always_on']
    """
    if not 0 <= tolerance < 0.5:
        raise ValueError(f"tolerance must be in [0, 1/2). Received: tolerance={tolerance}")
    share = np.asarray(share)
    return np.select(
        [share <= tolerance, share >= 1 - tolerance], ["dead", "always_on"], "selective"
    )


def state_shares(share: Array, tolerance: float = 0.0) -> dict[str, float]:
    """Share of the neurons in each state; see ``states``.

    Example:
        >>> state_shares(np.array([0.0, 1.0, 1.0, 0.5]))
        {'dead': 0.25, 'selective': 0.25, 'always_on': 0.5}
    """
    found = states(share, tolerance)
    return {state: float(np.mean(found == state)) for state in STATES}


def overlap(active: Array) -> float:
    """Mean over the pairs of neurons of the share of the points that activates both.

    Args:
        active: booleans, shape ``(points, neurons)``.

    Returns:
        a number in [0, 1]; NaN for fewer than two neurons.

    Example:
        >>> overlap(np.array([[True, True], [True, False], [False, True], [False, False]]))
        0.25
    """
    active = np.asarray(active, float)
    points, neurons = active.shape
    if neurons < 2:
        return float("nan")
    # A point with k active neurons activates k (k - 1) / 2 of the pairs.
    k = active.sum(axis=1)
    return float(np.sum(k * (k - 1)) / (points * neurons * (neurons - 1)))


def linearity(x: Array, logit: Array) -> float:
    """How linear a model is on data: R² of its logit against its best linear fit.

    A network whose neurons are each always on or dead is a logistic regression on that data:
    its logit is linear in the inputs and R² is 1.

    Args:
        x: the points, shape ``(points, features)``; axes after the first are flattened.
        logit: shape ``(points,)`` or ``(points, outputs)``; of several outputs the variances
            are added up.

    Returns:
        R² of the least-squares fit with an intercept, in [0, 1]; 1 for a constant logit; NaN
        where there are not more points than coefficients, which any logit would fit.

    Raises:
        ValueError: ``x`` and ``logit`` differ in length.

    Example:
        >>> x = np.array([[-1.0], [0.0], [1.0]])
        >>> round(linearity(x, 3 * x + 2), 12), round(linearity(x, np.abs(x)), 12)
        (1.0, 0.0)
    """
    x = np.asarray(x, float).reshape(len(x), -1)
    logit = np.asarray(logit, float).reshape(len(logit), -1)
    if len(x) != len(logit):
        raise ValueError(
            f"x and logit must be of one length. Received: {len(x)} points, {len(logit)} logits"
        )
    if len(x) <= x.shape[1] + 1:
        return float("nan")
    # What the mean's rounding leaves of a constant logit.
    rounding = logit.size * (4 * np.finfo(float).eps * np.abs(logit).max()) ** 2
    x = x - x.mean(axis=0)
    logit = logit - logit.mean(axis=0)
    total = np.sum(logit**2)
    if total <= rounding:
        return 1.0
    residual = logit - x @ np.linalg.lstsq(x, logit, rcond=None)[0]
    return float(np.clip(1 - np.sum(residual**2) / total, 0, 1))
