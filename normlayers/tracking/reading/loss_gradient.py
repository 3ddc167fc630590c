"""The length of the gradient of a model's loss on points, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.tracking.reading.compiled_reading import traced
from normlayers.tracking.reading.kept_attributes import kept_attributes
from normlayers.tracking.reading.random_states import kept_random_states

Array = npt.NDArray[Any]
# From points, and targets with the loss's scale, to a scalar.
LossOf = Callable[[Any, Any], Any]
# Gradients of half precision vanish below 6e-8, and overflow from 65504 on: the loss is multiplied
# by the first of these under which none does the latter, as optimizers that scale losses do.
SCALES = (2.0**15, 2.0**7, 1.0)


class LossGradient:
    """Measures the gradient of the loss that a model is compiled with, at inference.

    That is without dropout, with the moving statistics of a batch normalization, and without
    what regularizers add. Nothing of the model changes, nor do its random numbers.

    Args:
        model: a model compiled with one of Keras's losses, that has one output of one value, or
            of one for each class, a point.
        x: the points, a structure of arrays.
        labels: their classes, shape ``(points,)``.
        output: an output of the model for these points, shape ``(points, outputs)``.

    Raises:
        ValueError: the model is none of those; saying why in a few words.
    """

    def __init__(self, model: keras.Model, x: Any, labels: Array, output: Array) -> None:
        loss = _loss(getattr(model, "loss", None))
        self._x = keras.tree.map_structure(ops.convert_to_tensor, x)
        self._y = ops.convert_to_tensor(_targets(loss, labels, output))

        def loss_of(x: Any, y: Any) -> Any:
            targets, scale = y
            with kept_attributes(model):
                predictions = keras.tree.flatten(model(x, training=False))
            if [len(prediction.shape) for prediction in predictions] != [2]:
                raise ValueError("the model does not have one prediction a point")
            return scale * ops.mean(ops.cast(loss(targets, predictions[0]), "float32"))

        hook = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
        self._norms = hook(model, loss_of)
        half = any(layer.compute_dtype == "float16" for layer in model._flatten_layers())
        self._scales = SCALES if half else (1.0,)

    def norms(self) -> Array:
        """Norms of the loss's gradients by each trainable weight, in the model's order."""
        # An RNN's cell draws dropout's masks at inference too.
        with kept_random_states():
            for scale in self._scales:
                y = self._y, ops.convert_to_tensor(scale, "float32")
                norms = np.asarray(self._norms(self._x, y), float) / scale
                if np.isfinite(norms).all():
                    break
        return norms


def _loss(loss: Any) -> Callable[[Any, Any], Any]:
    if isinstance(loss, list | tuple) and len(loss) == 1:
        loss = loss[0]
    if loss is None:
        raise ValueError("the model is not compiled with a loss")
    if isinstance(loss, dict | list | tuple):
        raise ValueError("the model is compiled with several losses")
    loss = keras.losses.get(loss)
    # Somebody's own may do anything when it is called, and would be called more often.
    module = getattr(loss, "__module__", None)
    if not str(module).startswith("keras."):
        raise ValueError("the loss is not one of Keras's")
    return loss


def loss_name(model: keras.Model) -> str:
    """The one loss of Keras's that a model is compiled with, in small letters, or ``""``.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> loss_name(model)
        'meansquarederror'
    """
    try:
        loss: Any = _loss(getattr(model, "loss", None))
    except ValueError:
        return ""
    return _name(loss)


def _name(loss: Any) -> str:
    name: str = getattr(loss, "__name__", type(loss).__name__)
    return name.lower().replace("_", "")


def _targets(loss: Any, labels: Array, output: Array) -> Array:
    """The classes as the loss takes them."""
    classes = output.shape[1]
    if classes > 1 and labels.max() >= classes:
        raise ValueError(f"y has more classes than the model, {classes}")
    if _name(loss).startswith("sparse"):
        targets = labels.astype("int32")
    elif classes == 1:
        targets = labels[:, None].astype("float32")
    else:
        targets = np.eye(classes, dtype="float32")[labels]
    return targets


def _norms(gradients: list[Any]) -> Any:
    """The length of each, also of numbers whose squares are 0 or infinite."""
    gradients = [ops.cast(gradient, "float32") for gradient in gradients]
    largest = ops.stack([ops.max(ops.abs(gradient)) for gradient in gradients])
    safe = ops.where(largest > 0, largest, ops.ones_like(largest))
    parts = zip(gradients, ops.unstack(safe), strict=True)
    return largest * ops.sqrt(ops.stack([ops.sum(ops.square(g / size)) for g, size in parts]))


def _tensorflow(model: keras.Model, loss_of: LossOf) -> Callable[[Any, Any], Any]:
    import tensorflow as tf

    @traced
    def norms(x: Any, y: Any) -> Any:
        weights = [variable.value for variable in model.trainable_variables]
        with keras.StatelessScope(), tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            loss = loss_of(x, y)
        gradients = tape.gradient(loss, weights, unconnected_gradients="zero")
        return _norms([tf.convert_to_tensor(gradient) for gradient in gradients])

    def read(x: Any, y: Any) -> Any:
        x, y = (keras.tree.map_structure(tf.convert_to_tensor, part) for part in (x, y))
        return norms(x, y).numpy()

    return read


def _jax(model: keras.Model, loss_of: LossOf) -> Callable[[Any, Any], Any]:
    import jax

    trainable, others = model.trainable_variables, model.non_trainable_variables

    @jax.jit
    def norms(values: list[Any], rest: list[Any], x: Any, y: Any) -> Any:
        def loss(values: list[Any]) -> Any:
            mapping = [*zip(trainable, values, strict=True), *zip(others, rest, strict=True)]
            with keras.StatelessScope(mapping):
                return loss_of(x, y)

        return _norms(jax.grad(loss)(values))

    return lambda x, y: norms([v.value for v in trainable], [v.value for v in others], x, y)


def _torch(model: keras.Model, loss_of: LossOf) -> Callable[[Any, Any], Any]:
    import torch

    def norms(x: Any, y: Any) -> Any:
        weights = [variable.value for variable in model.trainable_variables]
        with torch.enable_grad(), keras.StatelessScope():
            loss = loss_of(x, y)
            # Not what `backward` does, which adds to each weight's `grad`.
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            told = _norms([g if g is not None else ops.zeros(()) for g in gradients])
            return keras.ops.convert_to_numpy(told)

    return norms
