"""What an output is to predict, and how well it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import Loss
from normlayers.diagnosis.evidence.outputs import are_known, known

Array = npt.NDArray[Any]
Kind = Literal["binary", "classes", "one_hot", "several", "regression"]

ENTROPIES = ("binary", "categorical", "sparse", "hinge")
# Whole numbers of more values than this are amounts, where no loss says that they are classes.
MOST_CLASSES = 20
# Of what decides between candidates: accuracy alone is coarse on few rows.
SHARE_OF_LOSS = 0.3


@dataclass(frozen=True)
class Target:
    """The targets of one output.

    Attributes:
        kind: ``"binary"``: two classes as one column; ``"classes"``: numbers of classes;
            ``"one_hot"``; ``"several"``: yes or no in several columns; ``"regression"``.
        labels: the distinct values, of ``"binary"`` and ``"classes"``.
        columns: how many values a row has.
        ignored: the class that the loss leaves out, ``None`` for none.
    """

    kind: Kind
    labels: tuple[float, ...] = ()
    columns: int = 1
    ignored: int | None = None

    @property
    def is_regression(self) -> bool:
        """Whether the targets are amounts."""
        return self.kind == "regression"


@dataclass(frozen=True, order=True)
class Score:
    """How well targets are predicted.

    Attributes:
        quality: what candidates are compared by; of classes the accuracy with a share of the
            cross-entropy's skill, of a regression R squared, or ``score_by``. Higher is better.
        metric: accuracy, or R squared; NaN of targets that are all the same.
    """

    quality: float
    metric: float


NONE = Score(float("-inf"), float("-inf"))


def target_of(y: Array, loss: Loss | None, units: int, activation: str) -> Target:
    """What targets are, by what they look like and what the model makes of them.

    Args:
        y: shape ``(rows, ...)``.
        loss: the output's loss; ``None`` where there is none.
        units: length of the output's last axis.
        activation: the output's; ``""`` where it is not known.
    """
    values = np.asarray(y, float)
    columns = int(values.shape[-1]) if values.ndim > 1 else 1
    ignored = None if loss is None else loss.ignored
    finite = values[np.isfinite(values) & (values != ignored)]
    whole = bool(finite.size) and bool(np.all(finite == np.round(finite)))
    by_loss = "" if loss is None else loss.kind
    if by_loss in ("regression", "relative"):
        return Target("regression", columns=columns)
    if columns > 1 and (columns == units or by_loss in ENTROPIES):
        if not whole or not set(np.unique(finite)) <= {0.0, 1.0}:
            return Target("regression", columns=columns)
        one_each = bool(np.all(known(values).sum(-1) == 1))
        return Target("one_hot" if one_each else "several", columns=columns)
    labels = tuple(np.unique(finite).tolist()) if whole else ()
    if by_loss not in ENTROPIES:
        numbered = columns == 1 < units and set(labels) <= set(range(units))  # a logit for each
        for_classes = activation in ("softmax", "sigmoid") or (loss is None and numbered)
        few = 2 <= len(labels) <= MOST_CLASSES and for_classes
        if not few:
            return Target("regression", columns=columns)
    elif not whole:
        inside = bool(finite.size) and finite.min() >= 0 and finite.max() <= 1
        return Target("binary", (0.0, 1.0)) if inside else Target("regression")
    if len(labels) <= 2 and units == 1:
        return Target("binary", labels if len(labels) == 2 else (0.0, 1.0))
    return Target("classes", labels, ignored=ignored)


def score(target: Target, y: Array, predicted: Array, threshold: float, logits: bool) -> Score:
    """How well targets are predicted, those that are numbers and that the loss does not leave out.

    Args:
        target: what they are.
        y: the targets.
        predicted: what the model returned for the same rows.
        threshold: above which a single output means the higher label.
        logits: whether outputs are logits.
    """
    y = np.asarray(y, float)
    predicted = np.asarray(predicted, float)
    if not np.all(np.isfinite(predicted)):
        return NONE
    rows = are_known(y)
    y, predicted = y[rows], predicted[rows]
    if not len(y):
        return NONE
    if target.is_regression:
        return _of_regression(y, predicted)
    if not _fit(target, y, predicted):
        return NONE
    if target.kind == "several":
        right = float(np.mean((predicted > threshold) == (y > 0.5)))
        return Score(right, right)
    if predicted.shape[-1] == 1 or predicted.ndim < 2:
        return _of_one_unit(target, y, predicted, threshold, logits)
    truth = y.argmax(-1) if target.kind == "one_hot" else y.reshape(predicted.shape[:-1])
    counted = truth != target.ignored
    if not counted.any():
        return NONE
    return _of_classes(truth[counted].astype(int), predicted[counted], logits)


def _fit(target: Target, y: Array, predicted: Array) -> bool:
    """Whether there is a target for each place that is predicted."""
    if target.kind == "several":
        return y.shape == predicted.shape
    places = predicted[..., 0] if predicted.ndim > 1 else predicted
    if target.kind == "one_hot":
        return predicted.shape[-1] > 1 and y.shape[:-1] == places.shape
    return y.size == places.size


def _of_regression(y: Array, predicted: Array) -> Score:
    if y.size != predicted.size:
        return NONE
    y, predicted = (part.reshape(len(part), -1) for part in (y, predicted))
    spread = np.mean((y - y.mean(0)) ** 2, 0)
    with np.errstate(over="ignore"):
        error = np.mean((predicted - y) ** 2, 0)
    varies = spread > 0
    # What does not vary has no R squared; of two models the nearer one is still the better.
    shares = 1 - error / np.where(varies, spread, 1)
    return Score(float(shares.mean()), float(shares[varies].mean()) if varies.any() else np.nan)


def _of_one_unit(
    target: Target, y: Array, predicted: Array, threshold: float, logits: bool
) -> Score:
    low, high = min(target.labels), max(target.labels)
    if len(target.labels) > 2:  # one unit cannot say which
        return Score(0.0, float(np.mean((predicted.ravel() > threshold) == (y.ravel() > low))) / 2)
    truth = y.ravel() > (low + high) / 2
    values = predicted.ravel()
    right = float(np.mean((values > threshold) == truth))
    if logits:
        values = 1 / (1 + np.exp(-np.clip(values, -50, 50)))
    elif threshold == 0:  # as tanh's
        values = (values + 1) / 2
    chance = np.where(truth, values, 1 - values)
    return _with_skill(right, chance, 2)


def _of_classes(truth: Array, predicted: Array, logits: bool) -> Score:
    right = float(np.mean(predicted.argmax(-1) == truth))
    if logits:
        predicted = predicted - predicted.max(-1, keepdims=True)
        predicted = np.exp(predicted)
    classes = predicted.shape[-1]
    total = np.abs(predicted).sum(-1, keepdims=True)
    chances = np.abs(predicted) / np.where(total > 0, total, 1)
    known = (truth >= 0) & (truth < classes)
    chance = np.take_along_axis(chances, np.where(known, truth, 0)[..., None], -1)[..., 0]
    return _with_skill(right, np.where(known, chance, 0), classes)


def _with_skill(right: float, chance: Array, classes: int) -> Score:
    """Accuracy with a share of how much better than guessing the probabilities are."""
    entropy = float(np.mean(-np.log(np.clip(chance, 1e-7, 1))))
    skill = max(-1.0, 1 - entropy / np.log(max(classes, 2)))
    return Score((1 - SHARE_OF_LOSS) * right + SHARE_OF_LOSS * skill, right)
