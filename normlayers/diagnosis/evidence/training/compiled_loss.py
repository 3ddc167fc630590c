"""The loss that a model is compiled with, as a function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from normlayers.inference.graph import output_names


def compiled_loss(original: keras.Model) -> Callable[[Any, Any], Any]:
    """The loss of a compiled model, by an empty model that is compiled with it.

    Args:
        original: the model, which is not used any more.

    Returns:
        of targets and predictions as the model has them, their loss; NaN where predictions are NaN
        and the loss refuses them, as torch's cross-entropy of probabilities does.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mae")
        >>> float(compiled_loss(model)(ops.ones((2, 1)), ops.zeros((2, 1))))
        1.0
    """
    shell = keras.Sequential()
    names = output_names(original)
    if names:
        shell.output_names = names
    compiled = getattr(original, "_compile_loss", None)
    shell.compile(loss=original.loss, loss_weights=getattr(compiled, "_user_loss_weights", None))

    def loss(y: Any, prediction: Any) -> Any:
        try:
            return shell.compute_loss(y=y, y_pred=prediction)
        except RuntimeError:
            if keras.backend.backend() != "torch":  # where predictions have no values yet
                raise
            tensors = keras.tree.flatten(prediction)
            if not any(bool(ops.any(ops.isnan(tensor))) for tensor in tensors):
                raise
            return sum(ops.sum(tensor) for tensor in tensors) * float("nan")

    return loss
