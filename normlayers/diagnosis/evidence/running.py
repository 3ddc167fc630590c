"""Which rows a model is run on, and how it takes them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Graph, record
from normlayers.diagnosis.evidence.data import Data
from normlayers.diagnosis.evidence.problem import CannotCheckError, reason

Array = npt.NDArray[Any]

# A model is run on so many rows at most, and on fewer where its activations are more values.
RUN_ROWS, RUN_VALUES, FEWEST_ROWS = 1_000, 2**24, 4


def run_rows(data: Data, values_of_a_row: int, seed: int, exactly: int | None = None) -> Array:
    """Which rows the model is run on: finite ones; so many, where it takes no other number."""
    finite = np.ones(data.rows, bool)
    for part in data.parts:
        if part.dtype.kind == "f":
            finite &= np.isfinite(part.reshape(data.rows, -1)).all(axis=1)
    known = np.flatnonzero(finite)
    if not len(known):
        raise CannotCheckError("no row of x is finite")
    if exactly is not None and len(known) < exactly:
        raise ValueError(
            f"the model takes {exactly} rows at once, and x has {len(known)} finite ones"
        )
    most = int(np.clip(RUN_VALUES // max(1, values_of_a_row), FEWEST_ROWS, RUN_ROWS))
    most = most if exactly is None else exactly
    if len(known) > most:
        known = np.sort(np.random.default_rng(seed).choice(known, most, replace=False))
    return known


def tensors(x: Any) -> Any:
    """Inputs as a model takes them: floats as Keras has them."""

    def tensor(part: Array) -> Any:
        if part.dtype.kind in "US":
            return _text(part)
        if part.dtype.kind == "f":
            part = part.astype(keras.config.floatx())
        return ops.convert_to_tensor(part)

    return keras.tree.map_structure(tensor, x)


def _text(part: Array) -> Any:
    """Only TensorFlow has tensors of text, and there Keras takes no others."""
    if keras.backend.backend() != "tensorflow":
        return part
    import tensorflow as tf

    return tf.constant(part)


def run_of(model: keras.Model, data: Data, x: Any) -> Graph:
    """The calls of a run on some rows of the data.

    Raises:
        ValueError: the model cannot be run on them.
    """
    try:
        return record(model, tensors(x))
    except Exception as error:
        shapes, why = " and ".join(str(part.shape) for part in data.parts), reason(error)
        if "is not in [0, " in why:  # TensorFlow's, which JAX and torch put in other words
            why += ". Embeddings take numbers from 0 to input_dim - 1; give them a larger input_dim"
        raise ValueError(f"the model cannot be run on x of shape {shapes}: {why}") from error
