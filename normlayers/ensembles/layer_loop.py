"""Layers of one kind after each other as a loop, which a compiler compiles once, not for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Arrays = dict[str, Any]
Layer = Callable[[Any, Arrays], tuple[Any, Arrays]]


def through_layers(layer: Layer, x: Any, stacked: Arrays) -> tuple[Any, Arrays]:
    """Send points through layers whose arrays have the same shapes; it can be differentiated.

    XLA takes five times as long to compile 20 layers one after the other as it takes for a loop,
    which then runs a sixth longer.

    Args:
        layer: what a layer does, of its input and its arrays: its output, and what else it found.
        x: the first layer's input; every layer's output is of that shape.
        stacked: the layers' arrays by name, layers on the first axis.

    Returns:
        the last layer's output, and what the layers found, the same way.
    """
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_loop(layer, x, stacked)
    if keras.backend.backend() == "jax":
        return ops.scan(layer, x, stacked)
    return unrolled(layer, x, stacked)


def unrolled(layer: Layer, x: Any, stacked: Arrays) -> tuple[Any, Arrays]:
    """As ``through_layers``, one layer after the other."""
    found = []
    for number in range(_count(stacked)):
        x, more = layer(x, {name: array[number] for name, array in stacked.items()})
        found.append(more)
    return x, {name: ops.stack([more[name] for more in found]) for name in found[0]}


def _tensorflow_loop(layer: Layer, x: Any, stacked: Arrays) -> tuple[Any, Arrays]:
    import tensorflow as tf

    count = _count(stacked)
    # What a layer finds, and of which shapes, without computing it.
    shapes = (
        tf.function(lambda x, arrays: layer(x, arrays)[1], autograph=False)
        .get_concrete_function(
            tf.TensorSpec(x.shape, x.dtype),
            {name: tf.TensorSpec(array.shape[1:], array.dtype) for name, array in stacked.items()},
        )
        .structured_outputs
    )
    kept = {
        name: tf.TensorArray(shape.dtype, count, element_shape=shape.shape)
        for name, shape in shapes.items()
    }

    # Read from them, not sliced: a slice's gradient is as large as all layers' arrays.
    arrays = {
        name: tf.TensorArray(array.dtype, count, element_shape=array.shape[1:]).unstack(array)
        for name, array in stacked.items()
    }

    def next_layer(number: Any, x: Any, kept: Arrays) -> tuple[Any, Any, Arrays]:
        x, found = layer(x, {name: array.read(number) for name, array in arrays.items()})
        return number + 1, x, {name: kept[name].write(number, found[name]) for name in kept}

    # XLA differentiates a loop whose longest course it knows.
    _, x, kept = tf.while_loop(
        lambda number, *_: number < count, next_layer, (0, x, kept), maximum_iterations=count
    )
    return x, {name: array.stack() for name, array in kept.items()}


def _count(stacked: Arrays) -> int:
    return int(next(iter(stacked.values())).shape[0])
