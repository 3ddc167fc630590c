"""What Keras calls the activation of a layer."""

from __future__ import annotations

import keras

from normlayers.tracking.reading.listening import ACTIVATIONS


def activation_of(layer: keras.layers.Layer) -> str:
    """The Keras name of a layer's activation; ``"linear"`` for a layer without one."""
    inner = getattr(layer, "forward_layer", getattr(layer, "layer", None))
    if isinstance(inner, keras.layers.Layer):
        return activation_of(inner)
    activation = layer if isinstance(layer, ACTIVATIONS) else getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Activation):
        return activation_of(activation)
    if isinstance(activation, keras.layers.ReLU):
        bent = activation.negative_slope or activation.threshold or activation.max_value
        return "leaky_relu" if bent else "relu"
    if isinstance(activation, keras.layers.Layer):
        return type(activation).__name__.lower()
    return getattr(activation, "__name__", "linear")
