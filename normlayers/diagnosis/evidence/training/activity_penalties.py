"""A model's regularizers of activities, and a model without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


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
def without_activity_penalties(model: keras.Model) -> Iterator[None]:
    """While the block lasts, no output of a layer is penalized."""
    layers = penalized_layers(model)
    penalties = [layer.activity_regularizer for layer in layers]
    try:
        for layer in layers:
            layer.activity_regularizer = None
        yield
    finally:
        for layer, penalty in zip(layers, penalties, strict=True):
            layer.activity_regularizer = penalty
