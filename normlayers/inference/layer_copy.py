"""A new layer with the arguments of another, and what that one learned beside its weights."""

from __future__ import annotations

import tempfile
from typing import Any

import keras

from normlayers.inference.graph import inner_layers


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


def take_assets(copy: Any, layer: Any) -> None:
    """Give a copy of a layer what is in no weight of it or of the layers in it: vocabularies."""
    for its, own in zip(inner_layers(layer), inner_layers(copy), strict=False):
        if hasattr(its, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                its.save_assets(folder)
                own.load_assets(folder)


def compute_with_weights(layer: Any) -> None:
    """Have a layer, and those in it, compute with weights that were set.

    What a ``Normalization`` computes with follows from its weights only when it is told so.
    """
    for own in inner_layers(layer):
        if isinstance(own, keras.layers.Normalization) and own.built:
            own.finalize_state()
