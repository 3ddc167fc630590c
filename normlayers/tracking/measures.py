"""What activations say: pure functions on arrays of shape ``(points, neurons)``.

A neuron is *active* on a point where its pre-activation is positive: where its output is over
``threshold(activation)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.tracking.linear_fit import LinearFit

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
# An activation's derivative from its output, where one tells the other; of arrays and tensors.
DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "linear": lambda a: a == a,
    "relu": lambda a: a > 0,
    "relu6": lambda a: (a > 0) & (a < 6),
    "sigmoid": lambda a: a * (1 - a),
    "softmax": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "hard_tanh": lambda a: (a > -1) & (a < 1),
    "exponential": lambda a: a,
    "softsign": lambda a: (1 - abs(a)) ** 2,
}
# Of them, those that are linear in pieces: their derivative is 1 or 0, and nothing between.
RECTIFIERS = ("relu", "relu6", "hard_tanh")
# Layers up to this size have every pair of neurons compared.
PAIRS_COMPARED = 128
SATURATED = 0.01


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


def pair_overlap(active: Array) -> Array:
    """Share of the points that activates both neurons of each pair.

    Args:
        active: booleans, shape ``(points, neurons)``.

    Returns:
        shape ``(neurons, neurons)``, symmetric; on the diagonal each neuron's own share.

    Example:
        >>> pair_overlap(np.array([[True, True], [True, False]])).tolist()
        [[1.0, 0.5], [0.5, 0.5]]
    """
    active = np.asarray(active, float)
    return active.T @ active / len(active)


def entropy(share: Array) -> Array:
    """The information about a point in whether a neuron is active, in bits.

    Args:
        share: shares of the points that activate each neuron, any shape.

    Returns:
        ``-p log2 p - (1 - p) log2(1 - p)``, in the same shape: 0 for neurons that are dead or
        always on, 1 for those active on half of the points (Shannon 1948).

    Example:
        >>> entropy(np.array([0.0, 0.5, 1.0])).tolist()
        [0.0, 1.0, 0.0]
    """
    p = np.asarray(share, float)
    both = np.stack([p, 1 - p])
    return -np.sum(both * np.log2(both, where=both > 0, out=np.zeros_like(both)), axis=0) + 0.0


def derivative(outputs: Array, activation: str) -> Array:
    """The activation's derivative at each point, computed from its output.

    Args:
        outputs: outputs of the activation, any shape.
        activation: its Keras name, one of ``DERIVATIVES``; of softmax the derivative by the
            neuron's own pre-activation.

    Raises:
        ValueError: the activation's derivative does not follow from its output.

    Example:
        >>> derivative(np.array([0.5, 1.0]), "sigmoid").tolist()
        [0.25, 0.0]
    """
    if activation not in DERIVATIVES:
        raise ValueError(
            f"the derivative is known for {', '.join(DERIVATIVES)}. Received: {activation!r}"
        )
    return np.asarray(DERIVATIVES[activation](np.asarray(outputs)), float)


def gradient_measures(activation: str) -> tuple[str, ...]:
    """Which of ``saturation`` and ``zero_gradient`` say something of an activation.

    A rectifier's derivative is 0 or 1, so that both would be one number: it has
    ``zero_gradient``. An activation that saturates smoothly has both, as its derivative is small
    long before rounding makes it 0. A linear one, and one whose derivative is not known, has none.

    Args:
        activation: its Keras name.

    Example:
        >>> gradient_measures("relu"), gradient_measures("tanh"), gradient_measures("linear")
        (('zero_gradient',), ('saturation', 'zero_gradient'), ())
    """
    if activation == "linear" or activation not in DERIVATIVES:
        return ()
    return ("zero_gradient",) if activation in RECTIFIERS else ("saturation", "zero_gradient")


def is_saturated(slope: Any, below: float = SATURATED) -> Any:
    """Where an activation's derivative counts as saturated, of an array or a tensor."""
    return abs(slope) < below


def saturation(outputs: Array, activation: str, below: float = SATURATED) -> Array:
    """Share of the points on which each neuron hardly learns: ``|activation'| < below``.

    Args:
        outputs: outputs of the activation, shape ``(points, neurons)``.
        activation: its Keras name, see ``derivative``.
        below: how small a derivative counts as saturated; sigmoid's largest is 1/4, tanh's 1.

    Returns:
        shape ``(neurons,)``, each in [0, 1].

    Example:
        >>> saturation(np.array([[0.5], [0.999]]), "sigmoid").tolist()
        [0.5]
    """
    return np.asarray(is_saturated(derivative(outputs, activation), below)).mean(axis=0)


def zero_gradient_share(outputs: Array, activation: str) -> Array:
    """Share of the points on which no gradient passes each neuron: ``activation' = 0``.

    Args:
        outputs, activation: as for ``saturation``.

    Example:
        >>> zero_gradient_share(np.array([[0.0], [2.0]]), "relu").tolist()
        [0.5]
    """
    return (derivative(outputs, activation) == 0).mean(axis=0)


def duplicates(outputs: Array, tolerance: float = 1e-6) -> Array:
    """Neurons that only repeat one before them, up to a factor and an offset.

    Args:
        outputs: shape ``(points, neurons)``.
        tolerance: how far from 1 the correlation's magnitude may be. A neuron of constant output
            repeats nothing.

    Returns:
        booleans, shape ``(neurons,)``.

    Example:
        >>> duplicates(np.array([[0.0, 1.0, 1.0], [1.0, -1.0, 0.0], [2.0, -3.0, 0.0]])).tolist()
        [False, True, False]
    """
    outputs = np.asarray(outputs, float)
    centred = outputs - outputs.sum(axis=0) / max(1, len(outputs))
    length = np.linalg.norm(centred, axis=0)
    told_apart = length > 1e-9 * np.maximum(1e-300, np.abs(outputs).max(axis=0, initial=0.0))
    unit = np.where(told_apart, centred / np.where(told_apart, length, 1), 0)
    alike = np.abs(unit.T @ unit) >= 1 - tolerance
    return np.triu(alike, 1).any(axis=0)


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
        of no more points than coefficients, which any logit would fit, and of some not finite.

    Raises:
        ValueError: ``x`` and ``logit`` differ in length.

    Example:
        >>> x = np.array([[-1.0], [0.0], [1.0]])
        >>> round(linearity(x, 3 * x + 2), 12), round(linearity(x, np.abs(x)), 12)
        (1.0, 0.0)
    """
    return LinearFit(x).r_squared(logit)
