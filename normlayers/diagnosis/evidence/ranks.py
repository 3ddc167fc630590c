"""Inputs in the rank that a model declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy.typing as npt

from normlayers.inference.graph import has_graph, input_names

Array = npt.NDArray[Any]


def in_declared_ranks(model: keras.Model, x: Any) -> Any:
    """Inputs with a last axis of length 1 where a model's ``Input`` has one, and without elsewhere.

    A Functional model adjusts what it is given by this rule; statistics of each feature, and layers
    that are put in front of it, have to go by the same axes.

    Args:
        model: any; one without a graph declares nothing.
        x: an array, or a list, a tuple or a dict of arrays.

    Returns:
        the same structure.
    """
    shapes = [tensor.shape for tensor in model.inputs] if has_graph(model) else []
    if isinstance(x, Mapping):
        of = dict(zip(input_names(model), shapes, strict=True)) if shapes else {}
        return {name: _in_rank(part, of.get(name)) for name, part in x.items()}
    parts = keras.tree.flatten(x)
    if len(parts) != len(shapes):
        return x
    adjusted = [_in_rank(part, shape) for part, shape in zip(parts, shapes, strict=True)]
    return keras.tree.pack_sequence_as(x, adjusted)


def _in_rank(part: Array, shape: Any) -> Array:
    if shape is None:
        return part
    if part.ndim == len(shape) - 1 and shape[-1] == 1:
        return part[..., None]
    if part.ndim == len(shape) + 1 and part.shape[-1] == 1:
        return part[..., 0]
    return part
