"""Biases that a batch normalization takes away again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import keras
import numpy.typing as npt

from normlayers.inference.graph import refuse_other_than_models
from normlayers.inference.kept_values import value_of
from normlayers.inference.layer_copy import layer_like, seeds_of_its_own
from normlayers.inference.rebuilding import Edit, Rebuilding, take_state
from normlayers.layers.batch_normalization import BatchNormalization

# Layers whose `bias` is added last, along the channels' axis.
WITH_BIAS = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)


def without_idle_bias(model: keras.Model) -> keras.Model:
    """A copy of a model without the biases that a batch normalization makes idle.

    Batch normalization subtracts the mean over the batch, and with it whatever a bias added:
    ``BN(z + b) = BN(z)``, and the gradient of ``b`` is 0 (article A3; Ioffe & Szegedy 2015,
    section 3.2). In inference the moving mean has ``b`` in it, so the copy's is that much less.
    Both compute what they computed, with a parameter less per channel.

    A bias is dropped where it belongs to a Dense or convolutional layer without an activation
    whose output goes into one ``BatchNormalization`` along the channels' axis and nowhere else.
    ``BatchNormalization(placement="post")`` with an activation stands after the activation, where
    a bias is not idle, and a normalization that is frozen subtracts no mean of the batch; models
    inside the model are left as they are. A penalty on a dropped bias goes with it.

    Args:
        model: a built Sequential or Functional model; it stays as it is.

    Returns:
        The copy, not compiled.

    Raises:
        ValueError: the model is of another kind, or not built; or a layer cannot be made again
            from its configuration.
        TypeError: it is no Keras model.

    Example:
        >>> import normlayers as nl
        >>> model = keras.Sequential(
        ...     [keras.Input((3,)), keras.layers.Dense(4), nl.BatchNormalization(activation="relu")]
        ... )
        >>> nl.without_idle_bias(model).layers[0].use_bias
        False
    """
    edited: dict[int, Edit] = {}
    for layer, normalization in idle_biases(model):
        bias = value_of(layer.bias)
        edited[id(layer)] = _WithoutBias(layer)
        edited[id(normalization)] = _WithLowerMean(normalization, bias)
    return Rebuilding({}, edited, set()).copied(model)


@dataclass(frozen=True)
class _WithoutBias:
    layer: Any

    @property
    def arguments(self) -> dict[str, Any]:
        return {"use_bias": False}

    def assign(self, copy: Any) -> None:
        pairs = zip(self.layer.weights, self.layer.get_weights(), strict=True)
        copy.set_weights([array for weight, array in pairs if weight is not self.layer.bias])


@dataclass(frozen=True)
class _WithLowerMean:
    normalization: Any
    bias: npt.NDArray[Any]

    @property
    def arguments(self) -> dict[str, Any]:
        return {}

    def assign(self, copy: Any) -> None:
        take_state(copy, self.normalization)
        copy.moving_mean.assign(copy.moving_mean - self.bias)
        if copy.renorm:
            copy.renorm_mean.assign(copy.renorm_mean - self.bias)


@dataclass(frozen=True)
class Call:
    """A call of a layer of the model."""

    layer: Any
    inputs: list[Any]
    outputs: list[Any]


def idle_biases(model: keras.Model) -> list[tuple[Any, Any]]:
    """Each layer with an idle bias, and the normalization after it."""
    calls, leaving = _calls(model)
    times_called = Counter(id(call.layer) for call in calls)
    pairs = []
    for call in calls:
        layer = call.layer
        if not _has_plain_bias(layer) or times_called[id(layer)] > 1 or _has(leaving, call):
            continue
        takers = [other for other in calls if any(_has([t], call) for t in other.inputs)]
        if len(takers) == 1 and times_called[id(takers[0].layer)] == 1:
            rank = len(call.outputs[0].shape)
            if _normalizes_channels_of(takers[0].layer, layer, rank):
                pairs.append((layer, takers[0].layer))
    return pairs


def _calls(model: keras.Model) -> tuple[list[Call], list[Any]]:
    """The model's layer calls, and the tensors that leave it."""
    refuse_other_than_models(model)
    if not getattr(model, "inputs", None):
        raise ValueError(
            "without_idle_bias() reads built Sequential and Functional models. "
            f"Received: {type(model).__name__} {model.name!r}."
        )
    calls = []
    layers = {layer.name: layer for layer in model.layers}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        tensors = keras.tree.flatten((args, kwargs)), keras.tree.flatten(outputs)
        calls.append(Call(layers.get(layer.name, layer), *tensors))  # or an operation
        return outputs

    # Only a Functional model's calls can be listened to, and only while it is copied.
    functional = keras.Model(model.inputs, model.outputs)
    with seeds_of_its_own():
        copy = keras.models.clone_model(functional, clone_function=layer_like, call_function=call)
    return calls, copy.outputs


def _has(tensors: list[Any], call: Call) -> bool:
    return any(tensor is output for tensor in tensors for output in call.outputs)


def _has_plain_bias(layer: Any) -> bool:
    return (
        type(layer) in WITH_BIAS
        and layer.use_bias
        and layer.activation is keras.activations.linear
        and layer.activity_regularizer is None  # which sees the bias
        and not getattr(layer, "lora_enabled", False)
        and getattr(layer, "quantization_mode", None) is None
    )


def _normalizes_channels_of(layer: Any, before: Any, rank: int) -> bool:
    kinds = (BatchNormalization, keras.layers.BatchNormalization)
    if type(layer) not in kinds or not layer.trainable:
        return False
    after_activation = (
        isinstance(layer, BatchNormalization)
        and layer.placement == "post"
        and layer.activation is not keras.activations.linear
    )
    channels = 1 if getattr(before, "data_format", None) == "channels_first" else rank - 1
    return not after_activation and layer.axis % rank == channels
