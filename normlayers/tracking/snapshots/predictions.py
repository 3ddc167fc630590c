"""What a model's outputs say, where that is a class."""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt

from normlayers.tracking.reading.loss_gradient import loss_name

Array = npt.NDArray[Any]

# One output: class 1 from 1/2 on, or above 0. Several: the largest. "": numbers, or not known.
Prediction = Literal["probability", "logit", "classes", ""]


def predicts_classes(model: keras.Model, ends_in: str) -> bool:
    """Whether the largest of several outputs is the class predicted, or may be.

    Args:
        model: of which the loss is asked, where it is compiled with one of Keras's.
        ends_in: as ``Wiring`` has it.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(2)])
        >>> model.compile(loss="mse")
        >>> predicts_classes(model, "linear"), predicts_classes(model, "softmax")
        (False, True)
    """
    if ends_in == "softmax":
        return True
    loss = loss_name(model)
    return ends_in == "linear" and (not loss or "categorical" in loss)


def prediction_of(
    model: keras.Model, ends_in: str, outputs: int, labels: Array | None
) -> Prediction:
    """How a class is read off a model's outputs.

    Args:
        model: as for ``predicts_classes``.
        ends_in: the same.
        outputs: how many the model has.
        labels: the points' classes, shape ``(points,)``; or ``None``.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
        >>> prediction_of(model, "linear", 1, np.array([0, 1]))
        'logit'
    """
    loss = loss_name(model)
    most = 0 if labels is None else int(np.max(labels, initial=0))
    if outputs > 1:
        # Of linear outputs and a loss of one's own only classes say that these are theirs.
        told = ends_in == "softmax" or bool(loss) or labels is not None
        return "classes" if told and predicts_classes(model, ends_in) and most < outputs else ""
    if labels is None or most > 1:
        return ""
    if ends_in == "sigmoid":
        return "probability"
    cut_at_0 = not loss or "crossentropy" in loss or "hinge" in loss
    return "logit" if ends_in and cut_at_0 else ""
