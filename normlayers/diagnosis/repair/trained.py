"""Which of a layer's weights are trained, frozen, or learned from data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from normlayers.inference.graph import inner_layers

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Trained:
    """What of a layer is trained: of each layer in it, itself first, and of each of its weights."""

    layers: tuple[bool, ...]
    weights: tuple[bool, ...]

    @classmethod
    def of(cls, layer: Any) -> Self:
        """As it is."""
        return cls(
            tuple(own.trainable for own in inner_layers(layer)),
            tuple(weight.trainable for weight in layer.weights),
        )

    def give(self, layer: Any) -> None:
        """Make another one so, as far as it has as many layers and weights."""
        inner = inner_layers(layer)
        if len(inner) == len(self.layers):
            for own, trainable in zip(inner, self.layers, strict=True):  # the outer sets the inner
                if own.trainable != trainable:
                    own.trainable = trainable
        if len(layer.weights) == len(self.weights):
            for weight, trainable in zip(layer.weights, self.weights, strict=True):
                if weight.trainable != trainable:
                    weight.trainable = trainable


def are_frozen(layer: Any) -> tuple[bool, ...]:
    """Of each weight whether it was frozen, or is what LoRA or quantization froze.

    Statistics and states, which are not trained either, are not.
    """
    found: set[int] = set()
    for own in inner_layers(layer):
        if not own.trainable:
            found |= {id(weight) for weight in own.weights}
        elif getattr(own, "quantization_mode", None):
            found |= {id(weight) for weight in own.weights if not weight.trainable}
        else:  # of those that a layer trains, such as a kernel beside LoRA's
            found |= {id(v) for v in own._trainable_variables if not v.trainable}
    return tuple(id(weight) in found for weight in layer.weights)


def are_learned(layer: Any) -> tuple[bool, ...]:
    """Of each weight whether a layer adapted it to data, to numbers."""
    found: set[int] = set()
    for own in inner_layers(layer):
        adapted = layer.built and own.built and hasattr(own, "adapt")
        if adapted and all(map(is_finite, own.get_weights())):
            found |= {id(weight) for weight in own.weights}
    return tuple(id(weight) in found for weight in layer.weights)


def is_finite(weight: Array) -> bool:
    """Whether all of a weight are numbers."""
    return weight.dtype.kind != "f" or bool(np.all(np.isfinite(weight)))
