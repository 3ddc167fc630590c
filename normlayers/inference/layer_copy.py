"""A new layer with the arguments of another."""

from __future__ import annotations

from typing import Any

import keras


def layer_like(layer: Any, **changed: Any) -> Any:
    """A layer of the same class and configuration; the weights are its own.

    Args:
        layer: any Keras layer.
        **changed: entries of the configuration that are to be others; a ``Lambda`` keeps its own.

    Raises:
        Exception: what the layer's own ``get_config`` or ``from_config`` raises.

    Example:
        >>> layer_like(keras.layers.Dense(3, name="a"), name="b").units
        3
    """
    if type(layer) is keras.layers.Lambda:  # whose function Keras does not read again
        return keras.layers.Lambda(
            layer.function,
            output_shape=layer._output_shape,
            mask=layer.mask,
            arguments=layer.arguments,
            name=layer.name,
            dtype=layer.dtype_policy,
        )
    return type(layer).from_config({**layer.get_config(), **changed})
