"""Every call of a layer or an operation while a model runs, and how they hang together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np

from normlayers.inference.graph import input_names
from normlayers.tracking.reading.activation_names import activation_of
from normlayers.tracking.reading.input_summary import has_matrix
from normlayers.tracking.reading.kept_attributes import kept_attributes
from normlayers.tracking.reading.listening import (
    ACTIVATIONS,
    CLOSED,
    ONE_AT_A_TIME,
    Heard,
    listen,
)

# Linear maps without weights, or with one number a channel: what is linear before stays so.
LINEAR = (
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise"),
    *("GaussianDropout", "AlphaDropout", "Flatten", "Reshape", "Permute", "RepeatVector"),
    *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D"),
    *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "GlobalAveragePooling1D"),
    *("GlobalAveragePooling2D", "GlobalAveragePooling3D", "UpSampling1D", "UpSampling2D"),
    *("ActivityRegularization", "Rescaling", "Identity", "BatchNormalization"),
    *("Normalization", "Standardize", "MinMaxScale"),
)
DROPOUTS = (
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("GaussianDropout", "AlphaDropout"),
)
# Only the shape, or nothing at all, changes.
RESHAPING = ("Flatten", "Reshape", "Permute", "Identity", "ActivityRegularization")
# They scale inputs, by statistics or by given numbers.
SCALING = ("Rescaling", "Normalization", "Standardize", "MinMaxScale")
NORMALIZING = (
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"),
    *("UnitNormalization", "SpectralNormalization"),
)
# Both are 0 as whole numbers, however they are rounded; negated, both 0 or -1.
FRACTIONS = (0.1, 0.4)
# They take numbers as names of things, as embeddings do.
LOOKUPS = (
    *("StringLookup", "IntegerLookup", "TextVectorization", "Hashing"),
    *("CategoryEncoding", "HashedCrossing", "Discretization"),
    *("OneHot", "MultiHot"),  # operations
)


def is_own(op: Any) -> bool:
    """Whether a layer or an operation is code of the user's own: what it computes is not known."""
    known = type(op).__module__.split(".")[0] in ("keras", "normlayers")
    return not known or isinstance(op, keras.layers.Lambda)


def names_things(op: Any) -> bool:
    """Whether a layer or an operation is known to take numbers as names of things."""
    return isinstance(op, keras.layers.Embedding) or type(op).__name__ in LOOKUPS


@dataclass(eq=False)
class Call:
    """A call of a layer or an operation, in which no other was recorded.

    Attributes:
        layer: the layer or operation.
        name: the layer's name, told apart from others of that name.
        takes: tensors that went in.
        gives: tensors that came out.
        heard: of a layer with weights or an activation: what the tracker knows of the call.
    """

    layer: Any
    name: str
    takes: list[Any]
    gives: list[Any]
    heard: Heard | None = None

    @property
    def kind(self) -> str:
        """The name of its class."""
        return type(self.layer).__name__

    @property
    def activation(self) -> str:
        """The Keras name of its activation; ``""`` inside loops."""
        return "" if isinstance(self.layer, CLOSED) else activation_of(self.layer)

    @cached_property
    def looks_up(self) -> bool:
        """Whether it takes numbers as names of things.

        As code of one's own takes integers, but for bytes, which are pixels mostly; and other whole
        numbers where it rounds them.
        """
        if names_things(self.layer):
            # Unlike a lookup, its reverse, as of a ReversibleEmbedding, adds no axis.
            is_table = isinstance(self.layer, keras.layers.Embedding)
            return not is_table or self.gives[0].ndim > self.takes[0].ndim
        if not is_own(self.layer):
            return False
        types = [keras.backend.standardize_dtype(tensor.dtype) for tensor in self.takes]
        return any("int" in kind and kind != "uint8" for kind in types) or self._rounds()

    def _rounds(self) -> bool:
        """Whether fractions in the place of whole numbers, but images', change nothing it gives."""
        is_layer = isinstance(self.layer, keras.layers.Layer)
        if not is_layer or len(self.takes) != 1 or len(self.takes[0].shape) > 3:
            return False
        taken = keras.ops.convert_to_numpy(self.takes[0])
        if taken.dtype.kind != "f" or not np.array_equal(taken, np.floor(taken)):
            return False
        told = False
        for sign in (1, -1):  # one of which makes a ReLU active
            try:
                with keras.StatelessScope(), kept_attributes(self.layer), without_gradients():
                    low, high = (
                        _tensors(self.layer(keras.ops.full_like(self.takes[0], sign * fraction)))
                        for fraction in FRACTIONS
                    )
            except Exception:  # it refuses them
                return True
            pairs = zip(low, high, strict=True)
            told |= any(not bool(keras.ops.all(a == b)) for a, b in pairs)
        return not told

    @property
    def has_matrix(self) -> bool:
        """Whether it multiplies by weights, and not only scales and shifts."""
        layer = self.layer
        if self.kind in (*NORMALIZING, *SCALING) or not hasattr(layer, "weights"):
            return False
        return has_matrix(layer)


@dataclass
class Graph:
    """The calls of one run, in order, with the tensors that went into and came out of it."""

    calls: list[Call]
    inputs: list[Any]
    outputs: list[Any]
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._made = {id(tensor): call for call in self.calls for tensor in call.gives}
        self._takers: dict[int, list[Call]] = {}
        for call in self.calls:
            for tensor in call.takes:
                self._takers.setdefault(id(tensor), []).append(call)

    def maker(self, tensor: Any) -> Call | None:
        """The call that a tensor came out of."""
        return self._made.get(id(tensor))

    def taken_by(self, tensor: Any) -> list[Call]:
        """The calls that a tensor went into."""
        return self._takers.get(id(tensor), [])

    def takers(self, call: Call) -> list[Call]:
        """The calls that a call's outputs went into."""
        return [taker for tensor in call.gives for taker in self.taken_by(tensor)]

    def is_input(self, tensor: Any) -> bool:
        """Whether a tensor is one of the model's inputs."""
        return any(tensor is part for part in self.inputs)

    def back_to_matrix(self, tensor: Any) -> tuple[list[Call], Call | None]:
        """The calls that a tensor comes through, last first, and the one with a matrix before."""
        behind: list[Call] = []
        call = self.maker(tensor)
        while call is not None and not call.has_matrix:
            behind.append(call)
            call = self.maker(call.takes[0]) if call.takes else None
        return behind, call

    def before(self, call: Call, through: tuple[str, ...]) -> Call | None:
        """The call whose output a call takes, but for calls of the kinds ``through``."""
        while len(call.takes) >= 1:
            found = self.maker(call.takes[0])
            if found is None or not _passes(found, through):
                return found
            call = found
        return None


def record(
    model: keras.Model, x: Any, values: list[Any] | None = None, batch_statistics: bool = True
) -> Graph:
    """Run a model as training does, but without dropout and noise, and record every call.

    Batch normalizations that train compute with the statistics of ``x``, as one batch. Nothing of
    the model's variables changes.

    Args:
        model: a built model.
        x: a structure of tensors.
        values: of the model's variables, where it is to run with others than its own.
        batch_statistics: ``False`` where batch normalizations compute as in inference.
    """
    others = None if values is None else list(zip(model.variables, values, strict=True))
    x = _as_taken(model, x)
    calls: list[Call] = []
    thread, depth = threading.get_ident(), [0]
    made_inside = [0]

    def noting(original: Callable[..., Any], is_layer: bool) -> Callable[..., Any]:
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            twice = not is_layer and isinstance(layer, keras.layers.Layer)
            if threading.get_ident() != thread or depth[0] or twice:
                return original(layer, *args, **kwargs)
            if batch_statistics and isinstance(layer, keras.layers.BatchNormalization):
                kwargs["training"] = True
            # An activation that is a layer is a part of the layer that has it.
            inner = getattr(layer, "activation", None)
            closed = isinstance(layer, CLOSED) or isinstance(inner, keras.layers.Layer)
            before, depth[0] = made_inside[0], depth[0] + closed
            try:
                gives = original(layer, *args, **kwargs)
            finally:
                depth[0] -= closed
            takes = _tensors((args, kwargs))
            if any(gives is tensor for tensor in takes):
                gives = keras.ops.copy(gives)  # as of a dropout at rest: to be told from its input
            if made_inside[0] == before and takes:
                calls.append(Call(layer, layer.name, takes, _tensors(gives)))
                made_inside[0] += 1
            return gives

        return call

    with keras.StatelessScope(others), without_gradients(), ONE_AT_A_TIME:
        layer_call, operation_call = keras.layers.Layer.__call__, keras.Operation.__call__
        keras.layers.Layer.__call__ = noting(layer_call, True)
        keras.Operation.__call__ = noting(operation_call, False)
        try:
            output, heard = listen(lambda: model(x, training=False))
        finally:
            keras.layers.Layer.__call__ = layer_call
            keras.Operation.__call__ = operation_call
    _join(calls, heard)
    return Graph(calls, _tensors(x), _tensors(output), heard)


def without_gradients() -> AbstractContextManager[Any]:
    """No record for gradients is kept within, on the backend that would."""
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def _join(calls: list[Call], heard: list[Heard]) -> None:
    for note in heard:
        given = _tensors(note.gives)
        for call in calls:
            if call.layer is note.layer and call.gives and given and call.gives[0] is given[0]:
                call.heard, call.name = note, note.name


def _as_taken(model: keras.Model, x: Any) -> Any:
    """Inputs in the types of the model's own, as Keras makes them; a cast one would be another."""
    wanted = getattr(model, "inputs", None) or []

    def cast(part: Any, dtype: str) -> Any:
        if not hasattr(part, "dtype") or keras.backend.standardize_dtype(part.dtype) == "string":
            return part
        return keras.ops.cast(part, dtype)

    if isinstance(x, dict):
        named = zip(input_names(model), wanted, strict=True)
        dtypes = {name: tensor.dtype for name, tensor in named}
        return {name: cast(part, dtypes.get(name, part.dtype)) for name, part in x.items()}
    if len(keras.tree.flatten(x)) != len(wanted):
        return x
    parts = zip(keras.tree.flatten(x), wanted, strict=True)
    return keras.tree.pack_sequence_as(x, [cast(part, tensor.dtype) for part, tensor in parts])


def _tensors(structure: Any) -> list[Any]:
    return [part for part in keras.tree.flatten(structure) if hasattr(part, "shape")]


def _passes(call: Call, through: tuple[str, ...]) -> bool:
    if call.kind in through:
        return True
    plain = call.kind == "Activation" or isinstance(call.layer, ACTIVATIONS)
    return plain and call.activation == "linear" and bool(through)
