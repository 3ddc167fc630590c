"""A function that reads a model, compiled as the active backend does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Function = Callable[[Any], Any]


def compiled_reading(model: keras.Model, function: Function) -> Function:
    """The function of tensors, compiled once for each shape, with the model's weights of the day.

    Args:
        model: a built model that the function reads.
        function: takes a structure of tensors and returns one, by running the model.

    Returns:
        A function from NumPy arrays or tensors to NumPy arrays. It changes no weight.
    """
    hook = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]

    def without_a_trace(x: Any) -> Any:
        with keras.StatelessScope():  # seeds, counters and recurrent states stay where they are
            return function(x)

    return hook(model, function if keras.backend.backend() == "jax" else without_a_trace)


def _tensorflow(model: keras.Model, function: Function) -> Function:
    import tensorflow as tf

    # Without autograph, as Keras itself traces models; without XLA, which takes a second to
    # compile and saves nothing here.
    traced = tf.function(function, autograph=False)

    def read(x: Any) -> Any:
        outputs = traced(keras.tree.map_structure(tf.convert_to_tensor, x))
        return keras.tree.map_structure(lambda tensor: tensor.numpy(), outputs)

    return read


def _jax(model: keras.Model, function: Function) -> Function:
    import jax
    import numpy as np

    @jax.jit
    def compiled(values: list[Any], x: Any) -> Any:
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return function(x)

    def read(x: Any) -> Any:
        return keras.tree.map_structure(np.asarray, compiled([v.value for v in model.variables], x))

    return read


def _torch(model: keras.Model, function: Function) -> Function:
    import torch

    def read(x: Any) -> Any:
        with torch.no_grad():
            outputs = function(keras.tree.map_structure(keras.ops.convert_to_tensor, x))
        return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)

    return read
