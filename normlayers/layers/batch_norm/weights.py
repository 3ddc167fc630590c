"""The weights of ``BatchNormalization``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def add_weights(layer: Any, channels: int, dtype: str) -> None:
    """Give a layer its weights, in the order and with the names of Keras's layer.

    Args:
        layer: a ``BatchNormalization`` that has none yet.
        channels: the length of each.
        dtype: the type of each.
    """

    def add(name: str, **options: Any) -> Any:
        options = {"dtype": dtype, "trainable": False, **options}
        return layer.add_weight(name=name, shape=(channels,), autocast=False, **options)

    def learned(name: str) -> Any:
        given = {
            role: getattr(layer, f"{name}_{role}")
            for role in ("initializer", "regularizer", "constraint")
        }
        return add(name, trainable=True, **given)

    def moving_sigma(shape: Sequence[int], dtype: str | None = None) -> Any:
        return ops.sqrt(_again(layer.moving_variance_initializer)(shape, dtype=dtype))

    renorm_mean_initializer = _again(layer.moving_mean_initializer)
    layer.gamma = learned("gamma") if layer.scale else None
    layer.beta = learned("beta") if layer.center else None
    layer.moving_mean = add("moving_mean", initializer=layer.moving_mean_initializer)
    layer.moving_variance = add("moving_variance", initializer=layer.moving_variance_initializer)
    if layer.renorm:
        layer.moving_stddev = add("moving_stddev", initializer=moving_sigma)
        layer.renorm_mean = add("renorm_mean", initializer=renorm_mean_initializer)
        layer.renorm_stddev = add("renorm_stddev", initializer=moving_sigma)
    if layer.debias:
        layer.steps = layer.add_weight(
            name="steps", shape=(), dtype="int32", initializer="zeros", trainable=False
        )


def _again(initializer: Any) -> Any:
    """The same initializer, with a seed of its own."""
    if not isinstance(initializer, keras.initializers.Initializer):
        return initializer
    return type(initializer).from_config(initializer.get_config())
