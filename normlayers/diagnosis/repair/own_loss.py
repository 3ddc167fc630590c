"""Losses that are not among those known here: how well they are met, and those of layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.losses import computed, loss_kind
from normlayers.diagnosis.evidence.outputs import are_known
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.rebuild import as_taken
from normlayers.diagnosis.repair.target import NONE, Score
from normlayers.tracking.reading.kept_attributes import kept_attributes

Array = npt.NDArray[Any]


def tells_alone(given: Given, number: int) -> bool:
    """Whether nothing but an output's loss says what is a good prediction.

    R squared does not where a loss takes amounts for the logit of a class, the mean and spread of
    the targets, quantiles, or a distance.
    """
    kind = loss_kind(given.losses[number])
    return kind is not None and not kind.kind and given.targets[number].is_regression


def score_by(loss: Any, y: Array, predicted: Array) -> Score:
    """The part of the loss of a constant prediction that is gone, as R squared is of squares.

    Args:
        loss: as ``compile`` takes one.
        y: the targets; rows that are no numbers are left out.
        predicted: what the model returned for them.

    Returns:
        both figures the same; that the constant is the targets' mean where they have the outputs'
        shape, and 0 where not. Of a constant without a loss, minus the loss.

    Example:
        >>> y = np.array([[1.0], [2.0], [6.0]], "float32")
        >>> def squares(y, predicted):
        ...     return keras.ops.mean((y - predicted) ** 2, -1)
        >>> round(score_by(squares, y, np.array([[1.0], [3.0], [5.0]], "float32")).metric, 3)
        0.857
    """
    rows = are_known(y)
    y, predicted = y[rows], predicted[rows]
    if not len(y) or not np.all(np.isfinite(predicted)):
        return NONE
    constant = y.mean(0) if y.shape == predicted.shape else 0.0
    plain = np.full(predicted.shape, constant, predicted.dtype)
    own, usual = (
        float(keras.ops.convert_to_numpy(computed(loss, y, each))) for each in (predicted, plain)
    )
    if not np.isfinite(own):
        return NONE
    part = (usual - own) / abs(usual) if np.isfinite(usual) and usual != 0 else -own
    return Score(part, part)


def refuse_losses_of_layers_alone(given: Given) -> None:
    """Raise ValueError: where layers compare what they take, changed inputs are other targets."""
    model = given.built
    if not given.model.compiled or any(loss is not None for loss in given.losses):
        return
    first = as_taken(model, [part[:1] for part in given.x], given)
    with kept_attributes(model), keras.StatelessScope(collect_losses=True) as scope:
        model(first, training=False)
    if scope.losses:
        raise ValueError(
            "repair() compares models by a loss of compile(), and this one is trained by what its "
            "layers give to add_loss() alone. Compile it with the loss that its outputs are to "
            "have, or mend by hand what diagnose() names. Received: loss=None"
        )
