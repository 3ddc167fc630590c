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

    Args:
        model: a built Sequential or Functional model with one input and one output.
        layers: names of the layers to read; ``None`` for all that have an activation.

    Attributes:
        model: the model.
        layer_names: the layers read, in the model's order.
        last_dense: the Dense layer that makes the output, if one does.
        before_output: the name of the layer read whose output that Dense layer takes, if any.

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
        tensors = [model.get_layer(name).output for name in self.layer_names]
        self.before_output = next(
            (
                name
                for name, tensor in zip(self.layer_names, tensors, strict=True)
                if self.last_dense is not None and tensor is self.last_dense.input
            ),
            None,
        )
        features = [self.last_dense.input] if self.last_dense else []
        reader = keras.Model(model.inputs[0], [*tensors, *features, model.outputs[0]])
        self._read = compiled_call(reader)

    def read(self, x: Array) -> Reading:
        """Read the model on points of shape ``(points, ...)``."""
        *values_read, output = self._read(x)
        logit = self._logit(values_read.pop()) if self.last_dense else output
        activations, active = {}, {}
        for name, values in zip(self.layer_names, values_read, strict=True):
            values = values.reshape(-1, values.shape[-1])
            activations[name] = values
            active[name] = values > threshold(activation_name(self.model.get_layer(name)))
        return Reading(activations, active, output, logit)

    def logit(self, x: Array) -> Array:
        """The model's output before its activation on points of shape ``(points, ...)``."""
        return self.read(x).logit

    def _logit(self, features: Array) -> Array:
        """From the last layer's own weights: a saturated sigmoid cannot be inverted."""
        return dense_logit(self.last_dense, features)


def dense_logit(layer: keras.layers.Dense, features: Array) -> Array:
    """A Dense layer's output before its activation, in float64, from its inputs."""
    weights = [np.asarray(keras.ops.convert_to_numpy(w), float) for w in layer.weights]
    kernel, bias = weights if layer.use_bias else (weights[0], 0.0)
    return features.astype(float) @ kernel + bias


def activation_name(layer: keras.layers.Layer) -> str:
    """The Keras name of a layer's activation; ``"linear"`` for a layer without one."""
    activation = getattr(layer, "activation", None)
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


def _last_dense(model: keras.Model) -> keras.layers.Dense | None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense) and layer.output is model.outputs[0]:
            return layer
    return None
