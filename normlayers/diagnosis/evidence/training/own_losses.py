"""What a loss of somebody's own does, seen by trying it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import alone

Array = npt.NDArray[Any]

# Of so many rows is seen what such a loss does, of fewer where these have so many values.
FEW_ROWS, FEWEST_ROWS, MANY_VALUES = 64, 3, 1 << 20
# Probabilities, and logits, that are right and for which no logarithm is infinite.
_CERTAIN, _CERTAIN_LOGIT = 0.98, 4.0
_OF_PROBABILITIES, _OF_AMOUNTS = ("sigmoid", "softmax"), ("linear", "relu", "softplus")
# Fewer different numbers may be classes, or signs.
_FEWEST_AMOUNTS = 10


@dataclass(frozen=True)
class Tried:
    """What was seen of a loss.

    Attributes:
        across_rows: see ``compares_across_rows``.
        errors_preferred: see ``prefers_errors``.
    """

    across_rows: bool = False
    errors_preferred: tuple[float, float] | None = None


def tried(loss: Any, y: Array | None, shape: tuple[int, ...], activation: str) -> Tried:
    """What a loss does, where there is one and the targets are numbers that differ.

    Args:
        loss: as ``compile`` takes one; ``None`` for none of somebody's own.
        y: the targets, shape ``(rows, ...)``.
        shape: of the predictions.
        activation: of the output.

    Example:
        >>> def accuracy(y, p):
        ...     return keras.ops.mean(1 - keras.ops.abs(y - p))
        >>> tried(accuracy, np.arange(100.0) % 2, (100, 1), "sigmoid").errors_preferred is not None
        True
    """
    if loss is None or y is None or y.dtype.kind not in "biuf":
        return Tried()
    y = y[np.isfinite(y).reshape(len(y), -1).all(axis=1)]
    if len(y) < FEWEST_ROWS or len(shape) < 2:
        return Tried()
    few = _few_rows(y)
    if not few.std():
        return Tried()
    shape = (len(few), *shape[1:])
    broadcast = shape[-1] == 1 or few.ndim != len(shape)  # others cannot be
    return Tried(
        broadcast and compares_across_rows(loss, few, shape),
        prefers_errors(loss, few, shape, activation),
    )


def _few_rows(y: Array) -> Array:
    """Rows that differ, in no order."""
    order = np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable")
    rows = min(len(y), FEW_ROWS, max(FEWEST_ROWS, MANY_VALUES // max(1, y[:1].size)))
    few = y[order[np.linspace(0, len(y) - 1, rows).astype(int)]]
    return np.asarray(np.random.default_rng(0).permutation(few))


def compares_across_rows(loss: Any, y: Array, shape: tuple[int, ...]) -> bool:
    """Whether a loss compares each row's target with the predictions of all rows.

    So it is the same whatever row a target is of, as where targets of shape ``(rows,)`` less
    predictions of shape ``(rows, 1)`` are ``(rows, rows)``; but not whatever the targets are. There
    a constant is better than predictions that equal the targets; where these are best, as of a
    distance between distributions, it is meant.

    Args:
        loss: as ``compile`` takes one.
        y: the targets, an array of numbers, in no order; of few rows, as it is computed six
            times.
        shape: of the predictions.

    Example:
        >>> y = np.linspace(0, 1, 9)
        >>> def broadcast(y, p):
        ...     return keras.ops.mean(keras.ops.square(keras.ops.squeeze(y) - p))
        >>> compares_across_rows(broadcast, y, (9, 1)), compares_across_rows("mse", y, (9, 1))
        (True, False)
    """
    if y.size == int(np.prod(shape)) and y.dtype.kind == "f":
        predicted = np.array(y, "float32").reshape(shape)  # of whatever scale
    else:
        predicted = np.random.default_rng(0).uniform(0.05, 0.95, shape).astype("float32")
    low = y[np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable")][: -(-len(y) // 4)]
    others = (np.roll(y, 1, axis=0), y[::-1], np.resize(low, y.shape))
    pairs = [(each, predicted) for each in (y, *others)]
    values = _values(loss, [*pairs, *((y, p) for p in _equal_and_constant(y, predicted))])
    if values is None:
        return False
    own, *of_others, equal, constant = values
    rolled, turned, lower = (abs(each - own) for each in of_others)
    size = abs(own) + lower
    meant = y.size == predicted.size and not constant < equal - 1e-2 * abs(equal)
    return bool(max(rolled, turned) <= 1e-5 * size < 1e-2 * lower) and not meant


def _values(loss: Any, pairs: list[tuple[Array, Array]]) -> list[float] | None:
    """The loss of each targets and predictions; ``None`` where it cannot be computed."""
    try:
        of = alone(loss)
        with keras.StatelessScope():  # a loss may have variables of its own
            return [float(of(y, predicted)) for y, predicted in pairs]
    except Exception:  # each backend, and each loss of somebody's own, raises its own
        return None


def _equal_and_constant(y: Array, predicted: Array) -> tuple[Array, Array]:
    """Predictions that are the targets, as far as a logarithm allows, and their mean."""
    if y.size != predicted.size:
        return predicted, predicted
    equal = np.asarray(y, "float32").reshape(predicted.shape)
    if equal.min() >= 0 and equal.max() <= 1 and np.isin(equal, (0, 1)).any():
        equal = np.clip(equal, 1 - _CERTAIN, _CERTAIN)
    return equal, np.full_like(equal, equal.mean())


def prefers_errors(
    loss: Any, y: Array, shape: tuple[int, ...], activation: str
) -> tuple[float, float] | None:
    """What a loss is of predictions near the targets and far from them, where it falls all the way.

    So it is where a score is returned as it is, such as the overlap that is 1 for equal ones; and
    where a target stands for the opposite, as 1 for a pair that is alike, of which a distance is
    predicted. What only multiplies predictions by numbers, as prices or a critic's signs, is none.

    Args:
        loss: as ``compile`` takes one.
        y: the targets, an array of numbers, in no order; of few rows, as it is computed nine
            times.
        shape: of the predictions.
        activation: of the output.

    Example:
        >>> y = np.array([[0.0], [1.0], [1.0], [0.0]])
        >>> def overlap(y, p):
        ...     both = keras.ops.sum(y * p)
        ...     return 2 * both / (keras.ops.sum(y) + keras.ops.sum(p))
        >>> right, wrong = prefers_errors(overlap, y, (4, 1), "sigmoid")
        >>> round(right, 2), round(wrong, 2)
        (0.93, 0.02)
        >>> prefers_errors("mse", y, (4, 1), "sigmoid")
    """
    ends = _right_and_wrong(y, shape, activation)
    if ends is None:
        return None
    right, wrong = ends
    # Right ones themselves are infinitely good by some scores.
    predictions = [(1 - t) * right + t * wrong for t in np.linspace(0.05, 1, 5, dtype="float32")]
    sizes = np.arange(4, dtype="float32")
    values = _values(loss, [(y, p) for p in [*predictions, *(s * predictions[0] for s in sizes)]])
    if values is None:
        return None
    way, scaled = np.split(np.array(values), [len(predictions)])
    least = 1e-3 * np.maximum(np.abs(way[1:]), np.abs(way[:-1]))
    with np.errstate(invalid="ignore"):  # of infinite ones
        falls = bool(np.isfinite(way).all() and np.all(np.diff(way) < -least))
        bends = float(np.abs(np.diff(scaled, 2)).max())
    only_multiplies = bends <= 1e-4 * float(np.abs(scaled).max())  # False of NaN
    return (float(way[0]), float(way[-1])) if falls and not only_multiplies else None


def _right_and_wrong(
    y: Array, shape: tuple[int, ...], activation: str
) -> tuple[Array, Array] | None:
    """Predictions, float32; ``None`` where it is not known what targets of this kind ask for."""
    units = shape[-1]
    if activation not in (*_OF_PROBABILITIES, *_OF_AMOUNTS):
        return None
    if units > 1 and y.size * units == np.prod(shape) and np.isin(y, np.arange(units)).all():
        y = np.eye(units)[y.astype(int).reshape(shape[:-1])]
    if y.size != np.prod(shape):
        return None
    y = np.asarray(y, "float32").reshape(shape)
    yes_or_no = bool(np.isin(y, (0, 1)).all())
    shares = activation in _OF_PROBABILITIES and y.min() >= 0 and y.max() <= 1
    if shares or (yes_or_no and activation == "linear"):
        opposite = np.roll(y, 1, axis=-1) if units > 1 and yes_or_no else 1 - y
        if activation == "linear":
            return _CERTAIN_LOGIT * (2 * y - 1), _CERTAIN_LOGIT * (2 * opposite - 1)
        return np.clip(y, 1 - _CERTAIN, _CERTAIN), np.clip(opposite, 1 - _CERTAIN, _CERTAIN)
    within = activation == "linear" or (activation in _OF_AMOUNTS and y.min() >= 0)
    if within and len(np.unique(y)) >= _FEWEST_AMOUNTS:
        return y, np.roll(y, 1, axis=0)
    return None
