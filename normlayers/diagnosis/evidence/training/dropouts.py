"""A model's dropouts, and a model that drops nothing."""

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


@contextmanager
def dropping_nothing(model: keras.Model) -> Iterator[None]:
    """While the block lasts, a call of the model drops nothing, in training neither."""
    layers = dropouts_of(model)
    rates = [layer.rate for layer in layers]
    try:
        for layer in layers:
            layer.rate = 0
        yield
    finally:
        for layer, rate in zip(layers, rates, strict=True):
            layer.rate = rate
