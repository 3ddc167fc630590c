"""The layer calls that a Sequential or Functional model is made of.

The one module that reads what Keras keeps of them: nodes of calls, and the tensors between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras


def refuse_other_than_models(model: Any) -> None:
    """Raise TypeError for what is no Keras model, such as a layer."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a Keras model. Received: {type(model).__name__}")


def has_graph(model: Any) -> bool:
    """Whether a model's calls are known: a built Sequential or Functional one.

    Not one whose class has a ``call`` of its own, which may do anything with the layers.
    """
    if not isinstance(model, keras.Model):
        return False
    kind = type(model)
    return all(is_of_keras(getattr(kind, method)) for method in ("call", "__call__")) and (
        isinstance(model, keras.Function) or getattr(model, "_functional", None) is not None
    )


def is_of_keras(function: Any) -> bool:
    """Whether Keras defines a function or class; what ``exec`` made may have no module."""
    return str(getattr(function, "__module__", "")).startswith("keras.")


def function_of(model: Any) -> Any:
    """The ``keras.Function`` of a model that has a graph, with its ``inputs`` and ``outputs``."""
    return model if isinstance(model, keras.Function) else model._functional


def input_names(model: Any) -> list[str]:
    """What data are named by, in the order of a model's ``inputs``; none where there are none.

    A dict's keys, where the model takes one; else the names of its inputs.
    """
    return _keys(model, "input") or [str(t.name) for t in getattr(model, "inputs", None) or []]


def output_names(model: Any) -> list[str]:
    """What targets, losses and their weights are named by, in the order of a model's ``outputs``.

    A dict's keys, where the model gives one; else the names of the layers that make its outputs.
    """
    return _keys(model, "output") or list(map(str, getattr(model, "output_names", None) or []))


def _keys(model: Any, side: str) -> list[str]:
    """The keys of a dict of tensors, in the order in which Keras flattens it."""
    try:
        structure = getattr(model, side)
    except (AttributeError, ValueError):  # it is not known, or there are several
        return []
    flat = keras.tree.flatten(structure)
    if not isinstance(structure, Mapping):
        return []
    numbers = keras.tree.pack_sequence_as(structure, list(range(len(flat))))
    if not all(isinstance(number, int) for number in numbers.values()):  # dicts within it
        return []
    return [str(key) for key in sorted(numbers, key=numbers.get)]


def nodes_of(function: Any) -> list[Any]:
    """The calls, each after those that it takes tensors from.

    Each has an ``operation`` (a layer, or an operation of ``keras.ops``), ``input_tensors`` and
    ``outputs``; the calls that make the inputs are left out.
    """
    depths = function._nodes_by_depth
    inputs = {id(tensor) for tensor in function.inputs}
    return [
        node
        for depth in sorted(depths, reverse=True)
        for node in depths[depth]
        if not node.is_input and not any(id(tensor) in inputs for tensor in node.outputs)
    ]


def inner_layers(layer: Any) -> list[Any]:
    """A layer or model itself and all the layers within it, at any depth, each once."""
    found = {id(inner): inner for inner in layer._flatten_layers(include_self=True, recursive=True)}
    return list(found.values())


def normalizations(model: Any) -> Iterator[Any]:
    """The batch normalizations anywhere within a model, ours and Keras's and their subclasses."""
    for layer in inner_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer


class Names:
    """The layers' names; where several layers share one, with the names of their models before."""

    def __init__(self, model: Any) -> None:
        self._layers = inner_layers(model)

    def of(self, layer: Any) -> str:
        """A name that is this layer's alone."""
        alike = [other for other in self._layers if other.name == layer.name]
        return str(layer.name if len(alike) < 2 else layer.path)
