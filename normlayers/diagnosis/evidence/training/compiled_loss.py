"""The loss that a model is compiled with, as a function of targets and predictions; its metrics."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import keras
from keras import ops

from normlayers.inference.graph import is_of_keras, output_names


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
        # On TensorFlow this runs while a step is traced, and at no other time.
        make_variables(shell, y, lambda: prediction)
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
    other backends nothing is done, nor where a loss or a metric is not one of Keras's: it may do
    anything when it is called, such as keep what it is called with.

    Args:
        model: it keeps its values, but for those of metrics.
        y: targets as the model's losses take them, of which only shapes and types count.
        predict: gives the model's outputs, of which the same counts.
    """
    if keras.backend.backend() != "tensorflow" or not _is_counted_by_keras(model):
        return
    import tensorflow as tf

    def zeros(tensor: Any) -> Any:
        return tf.zeros([1 if size is None else size for size in tensor.shape], tensor.dtype)

    # What fails here fails in the step as well, and is told there.
    with tf.init_scope(), suppress(Exception):
        y, prediction = (keras.tree.map_structure(zeros, part) for part in (y, predict()))
        model.compute_loss(y=y, y_pred=prediction)
        model.compute_metrics(None, y, prediction)


def _is_counted_by_keras(model: keras.Model) -> bool:
    """Whether all losses and metrics are Keras's own, and how the model computes them."""
    compiled, kind = getattr(model, "_compile_metrics", None), type(model)
    metrics = (getattr(compiled, f"_user_{name}", None) for name in ("metrics", "weighted_metrics"))
    found = [kind.compute_loss, kind.compute_metrics, *keras.tree.flatten([model.loss, *metrics])]
    return all(each is None or isinstance(each, str) or is_of_keras(each) for each in found)


def metrics_of(model: keras.Model) -> dict[str, Any]:
    """What a model was compiled with to count, by the argument of ``compile``."""
    if not model.compiled:
        return {}
    compiled = model._compile_config.config
    return {kind: compiled[kind] for kind in ("metrics", "weighted_metrics") if compiled.get(kind)}
