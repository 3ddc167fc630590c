"""What a model does in training alone, and a model that does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from normlayers.diagnosis.evidence.calls import DROPOUTS


def dropouts_of(model: keras.Model) -> list[Any]:
    """The dropouts of a model that drop anything, also those in its layers.

    Example:
        >>> model = keras.Sequential([keras.layers.Dropout(0.3), keras.layers.SpatialDropout1D(0)])
        >>> [layer.rate for layer in dropouts_of(model)]
        [0.3]
    """
    layers = model._flatten_layers(include_self=False)
    return [each for each in layers if type(each).__name__ in DROPOUTS and each.rate > 0]


def penalized_layers(model: keras.Model) -> list[Any]:
    """The layers of a model whose outputs are penalized, also those in its layers.

    Example:
        >>> hidden = keras.layers.Dense(4, activity_regularizer="l2", name="hidden")
        >>> [layer.name for layer in penalized_layers(keras.Sequential([hidden]))]
        ['hidden']
    """
    layers = model._flatten_layers(include_self=False)
    return [each for each in layers if getattr(each, "activity_regularizer", None) is not None]


@contextmanager
def switched_off(layers: list[Any], attribute: str, off: Any) -> Iterator[None]:
    """While the block lasts, an attribute of each layer is what switches off what it is for.

    Example:
        >>> layer = keras.layers.Dropout(0.3)
        >>> with switched_off([layer], "rate", 0):
        ...     layer.rate
        0
        >>> layer.rate
        0.3
    """
    kept = [getattr(layer, attribute) for layer in layers]
    try:
        for layer in layers:
            setattr(layer, attribute, off)
        yield
    finally:
        for layer, value in zip(layers, kept, strict=True):
            setattr(layer, attribute, value)
