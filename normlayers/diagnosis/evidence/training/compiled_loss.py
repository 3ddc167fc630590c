"""The loss that a model is compiled with, as a function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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

    has_variables = False

    def loss(y: Any, prediction: Any) -> Any:
        nonlocal has_variables
        if not has_variables:
            make_variables(shell, y, lambda: prediction)
            has_variables = True
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


def make_variables(model: keras.Model, y: Any, predict: Callable[[], Any]) -> None:
    """Make the variables of a compiled model's losses and metrics.

    Keras makes them in the first step, and TensorFlow traces a step that makes variables twice. On
    other backends, and where the model has losses or metrics of its own, nothing is done.

    Args:
        model: it keeps its values, but for those of metrics.
        y: targets as the model's losses take them, of which only shapes and types count.
        predict: gives the model's outputs, of which the same counts.
    """
    kind = type(model)
    own = (kind.compute_loss, kind.compute_metrics)
    if keras.backend.backend() != "tensorflow" or own != (
        keras.Model.compute_loss,
        keras.Model.compute_metrics,
    ):
        return
    import tensorflow as tf

    def zeros(tensor: Any) -> Any:
        return tf.zeros([1 if size is None else size for size in tensor.shape], tensor.dtype)

    # What fails here fails in the step as well, and is told there.
    with tf.init_scope(), suppress(Exception):
        y, prediction = (keras.tree.map_structure(zeros, part) for part in (y, predict()))
        model.compute_loss(y=y, y_pred=prediction)
        model.compute_metrics(None, y, prediction)
