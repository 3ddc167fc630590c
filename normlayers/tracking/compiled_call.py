"""A model as one compiled function from NumPy arrays to NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Call = Callable[[Array], list[Array]]


def compiled_call(model: keras.Model) -> Call:
    """The model in inference mode, as the active backend calls it fastest.

    Args:
        model: a Functional model of one input.

    Returns:
        a function of points, shape ``(points, ...)``, that returns the list of the outputs.
    """
    if keras.backend.backend() == "tensorflow":
        return _traced_call(model)
    return portable_call(model)


def portable_call(model: keras.Model) -> Call:
    """The same on any backend, through Keras."""

    def call(x: Array) -> list[Array]:
        outputs = model.predict_on_batch(x)
        return list(outputs) if isinstance(outputs, list | tuple) else [outputs]

    return call


def _traced_call(model: keras.Model) -> Call:
    """TensorFlow: one trace for any number of points, where Keras's own traces for two or three."""
    import tensorflow as tf

    dtype = model.inputs[0].dtype

    @tf.function(input_signature=[tf.TensorSpec(model.inputs[0].shape, dtype)])
    def traced(x: Any) -> Any:
        return keras.tree.flatten(model(x, training=False))

    concrete = traced.get_concrete_function()

    def call(x: Array) -> list[Array]:
        return [np.asarray(output) for output in concrete(tf.constant(x.astype(dtype)))]

    return call
