"""A function that reads a model, compiled as the active backend does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from normlayers.tracking.reading.kept_attributes import kept_attributes
from normlayers.tracking.reading.random_states import kept_random_states

Function = Callable[[Any], Any]


def compiled_reading(model: keras.Model, function: Function) -> Function:
    """The function of tensors, compiled once for each shape, with the model's weights of the day.

    Args:
        model: a built model that the function reads.
        function: takes a structure of tensors and returns one, by running the model.

    Returns:
        A function from NumPy arrays or tensors to NumPy arrays. It changes no weight and no
        attribute of a layer, and moves no random generator.
    """
    hook = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    # Seeds, counters and recurrent states stay where they are; of JAX in a scope of its own.
    stateless = nullcontext if keras.backend.backend() == "jax" else keras.StatelessScope

    def without_a_trace(x: Any) -> Any:
        with kept_attributes(model), stateless():
            return function(x)

    read = hook(model, without_a_trace)

    def read_unnoticed(x: Any) -> Any:
        with kept_random_states():
            return read(x)

    return read_unnoticed


def build(model: keras.Model, x: Any, never_built: Sequence[str] = ()) -> list[str]:
    """Build a model as ``fit`` does, symbolically: no random number is drawn, no state moves.

    Of a model that is built, layers may be left that nothing but a call builds, as an activation
    with weights.

    Args:
        model: a model, built or not.
        x: a structure of points as it takes them.
        never_built: what it returned before: if no other layer is unbuilt, nothing is done.

    Returns:
        Paths of the layers that are still not built, as nothing calls them.

    Raises:
        ValueError: it is trained by code of its own alone, and cannot be called.
    """
    kind = type(model)
    if getattr(kind, "call", None) is getattr(keras.Model, "call", None):
        raise ValueError(
            f"{kind.__name__} has no call() of its own; write one that returns what is to be "
            "watched, or watch the models in it."
        )

    def unbuilt() -> list[str]:
        return [layer.path for layer in model._flatten_layers() if not layer.built]

    class Call(keras.Operation):
        def call(self, x: Any) -> Any:
            return model(x, training=False)

    def symbol(part: Any) -> keras.KerasTensor:
        return keras.KerasTensor(part.shape, keras.backend.standardize_dtype(part.dtype))

    if unbuilt() == list(never_built):
        return list(never_built)
    Call().compute_output_spec(keras.tree.map_structure(symbol, x))
    return unbuilt()


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of structures of TensorFlow's tensors, traced once for each shape.

    Called as it is, TensorFlow would count its traces with those of all other models, and warn.
    """
    import tensorflow as tf

    graphs = tf.function(function, autograph=False)
    return lambda *tensors: graphs.get_concrete_function(*tensors)(*tensors)


def _tensorflow(model: keras.Model, function: Function) -> Function:
    import tensorflow as tf

    eager = getattr(model, "run_eagerly", False)  # as of a model that cannot be traced
    # Without autograph, as Keras itself traces models; without XLA, which takes a second to
    # compile and saves nothing here.
    run = function if eager else traced(function)

    def read(x: Any) -> Any:
        outputs = run(keras.tree.map_structure(tf.convert_to_tensor, x))
        return keras.tree.map_structure(np.asarray, outputs)

    return read


def _jax(model: keras.Model, function: Function) -> Function:
    import jax

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
