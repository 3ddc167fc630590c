"""Hidden activations of a Keras model on fixed points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.tracking.compiled_call import compiled_call
from normlayers.tracking.measures import threshold

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Reading:
    """What a model does on some points.

    Attributes:
        activations: each probed layer's outputs, shape ``(points, neurons)``; of a layer with
            positions (convolution, recurrence) every position is a point of its own.
        active: where each neuron is active, in the same shapes.
        output: the model's output, shape ``(points, outputs)``.
        logit: the output before its activation, in the same shape.
    """

    activations: dict[str, Array]
    active: dict[str, Array]
    output: Array
    logit: Array


class Probe:
    """Reads a model's layers on points, in one compiled call.

    The logit is computed from the weights of the Dense layer that makes the output, if one does
    (with an ``Activation`` layer after it or not): a saturated sigmoid cannot be inverted. Where
    none does, a sigmoid is inverted all the same, and any other output is taken for its logit.

    Args:
        model: a built Sequential or Functional model with one input and one output.
        layers: names of the layers to read; ``None`` for all that have an activation. The inner
            layers of nested models are not read.

    Attributes:
        model: the model.
        layer_names: the layers read, in the model's order.
        last_dense: the Dense layer that makes the output, if one does.
        before_output: the name of the layer read whose output that Dense layer takes, if any.
        is_chain: whether the layers read are all of the network's, one after the other.

    Raises:
        ValueError: the model has no layer graph to read or several inputs or outputs, or a name
            is unknown.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu", name="h")])
        >>> reading = Probe(model).read(np.zeros((5, 2), "float32"))
        >>> reading.activations["h"].shape
        (5, 3)
    """

    def __init__(self, model: keras.Model, layers: Sequence[str] | None = None) -> None:
        # Sequential models that are not built, and subclassed ones, have none.
        inputs, outputs = (
            getattr(model, "inputs", None) or [],
            getattr(model, "outputs", None) or [],
        )
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                "the tracker reads built Sequential and Functional models with one input and one "
                f"output. Received: {type(model).__name__} {model.name!r} with "
                f"{len(inputs)} inputs and {len(outputs)} outputs."
            )
        self.model = model
        self.layer_names = _chosen(model, layers)
        self.last_dense = _last_dense(model)
        features = None if self.last_dense is None else self.last_dense.input
        tensors = {name: model.get_layer(name).output for name in self.layer_names}
        self.before_output = next((n for n, tensor in tensors.items() if tensor is features), None)
        self.is_chain = self._follow_each_other(list(tensors.values()))
        read = [*tensors.values(), *([] if features is None else [features]), outputs[0]]
        self._read = compiled_call(keras.Model(inputs[0], read))

    def read(self, x: Array) -> Reading:
        """Read the model on points of shape ``(points, ...)``."""
        *values_read, output = self._read(x)
        if self.last_dense is None:
            logit = _inverted(output, _output_activation(self.model))
        else:
            logit = dense_logit(self.last_dense, values_read.pop())
        activations, active = {}, {}
        for name, values in zip(self.layer_names, values_read, strict=True):
            layer = self.model.get_layer(name)
            if getattr(layer, "data_format", None) == "channels_first":
                values = np.moveaxis(values, 1, -1)
            values = values.reshape(-1, values.shape[-1])
            activations[name] = values
            active[name] = values > threshold(activation_name(layer))
            if layer is self.last_dense:
                active[name] = logit > 0
        return Reading(activations, active, output, logit)

    def logit(self, x: Array) -> Array:
        """The model's output before its activation on points of shape ``(points, ...)``."""
        return self.read(x).logit

    def _follow_each_other(self, tensors: list[Any]) -> bool:
        layers = [self.model.get_layer(name) for name in self.layer_names]
        whole = layers == [layer for layer in self.model.layers if hasattr(layer, "activation")]
        follow = all(
            layer.input is tensor for layer, tensor in zip(layers[1:], tensors, strict=False)
        )
        return whole and follow and bool(layers) and layers[-1] is self.last_dense


def dense_logit(layer: keras.layers.Dense, features: Array) -> Array:
    """A Dense layer's output before its activation, in float64, from its inputs."""
    kernel = np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(layer.kernel)), float)
    logit = features.astype(float) @ kernel
    if layer.bias is None:
        return logit
    return logit + np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(layer.bias)), float)


def activation_name(layer: keras.layers.Layer) -> str:
    """The Keras name of a layer's activation; ``"linear"`` for a layer without one."""
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Activation):
        return activation_name(activation)
    if isinstance(activation, keras.layers.Layer):
        return type(activation).__name__.lower()
    return getattr(activation, "__name__", "linear")


def _chosen(model: keras.Model, layers: Sequence[str] | None) -> list[str]:
    with_activation = [layer.name for layer in model.layers if hasattr(layer, "activation")]
    if layers is None:
        return with_activation
    known = [layer.name for layer in model.layers]
    unknown = [name for name in layers if name not in known]
    if unknown:
        raise ValueError(
            f"model {model.name!r} has no layer {unknown[0]!r}. Its layers: {', '.join(known)}."
        )
    return [name for name in known if name in set(layers)]


def _layer_making(model: keras.Model, tensor: Any) -> keras.layers.Layer | None:
    return next((layer for layer in model.layers if layer.output is tensor), None)


def _last_dense(model: keras.Model) -> keras.layers.Dense | None:
    layer = _layer_making(model, model.outputs[0])
    if isinstance(layer, keras.layers.Activation):
        layer = _layer_making(model, layer.input)
        if activation_name(layer) != "linear":
            return None
    quantized = getattr(layer, "quantization_mode", None) is not None
    return layer if isinstance(layer, keras.layers.Dense) and not quantized else None


def _output_activation(model: keras.Model) -> str:
    layer = _layer_making(model, model.outputs[0])
    return "linear" if layer is None else activation_name(layer)


def _inverted(output: Array, activation: str) -> Array:
    """The output before its activation, as well as the rounded output tells."""
    if activation != "sigmoid":
        return output
    info = np.finfo(np.float32)
    p = np.clip(output.astype(float), info.tiny, 1 - info.epsneg)
    return np.log(p) - np.log1p(-p)
