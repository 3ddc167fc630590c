"""A new layer with the arguments of another, and what that one learned beside its weights."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FunctionType
from typing import Any

import keras

from normlayers.inference.graph import inner_layers, is_of_keras
from normlayers.inference.kept_values import value_of


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
    with own_classes(layer):
        copy = type(layer).from_config({**layer.get_config(), **changed})
    take_functions(copy, layer, changed)
    return copy


def take_functions(copy: Any, layer: Any, changed: Iterable[str]) -> None:
    """Give a copy the functions of somebody's own that Keras takes for its own of the same name.

    A configuration has a function's name, such as that of an activation.

    Args:
        copy: a layer made of the other's configuration.
        layer: that one.
        changed: entries of the configuration that are to be others.
    """
    if not isinstance(layer, keras.Layer):
        return
    for its, own in zip(inner_layers(layer), inner_layers(copy), strict=False):
        names: set[str] = set()
        with suppress(Exception):  # one of somebody's own need not have a configuration
            names = set(its.get_config()) - set(changed)
        for name in names:
            value, taken = vars(its).get(name), vars(own).get(name)
            if not isinstance(value, FunctionType) or not isinstance(taken, FunctionType):
                continue
            is_another = taken is not value and taken.__name__ == value.__name__
            if is_another and not is_of_keras(value):
                setattr(own, name, value)


def own_classes(layer: Any) -> keras.saving.custom_object_scope:
    """A context in which Keras finds classes of somebody's own, of layers within a layer, by name.

    It looks for them where they were registered, and they need not have been.
    """
    # An operation of a functional model need not be a layer.
    inner = inner_layers(layer) if isinstance(layer, keras.Layer) else [layer]
    kinds = {type(each) for each in inner}
    return keras.saving.custom_object_scope(
        {keras.saving.get_registered_name(k): k for k in kinds if not is_of_keras(k)}
    )


@contextmanager
def seeds_of_its_own() -> Iterator[None]:
    """Leave Python's random numbers where they are: Keras draws seeds of them for layers."""
    state = random.getstate()
    # Others than the next layers get, and the same in the next run.
    random.seed(f"copied after {random.random()}")
    try:
        yield
    finally:
        random.setstate(state)


def take_assets(copy: Any, layer: Any) -> None:
    """Give a copy of a layer what is in no weight of it or of the layers in it: vocabularies.

    A copy that is not built takes it too, and as the layers in it may need it to be built.
    """
    for its, own in zip(inner_layers(layer), inner_layers(copy), strict=False):
        if type(its) is not type(own):  # some are made when the whole is built
            continue
        if not its.weights:  # as how rare each word of a vocabulary is, which comes before it
            load_from(own, its)
        if hasattr(its, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                its.save_assets(folder)
                own.load_assets(folder)


def compute_with_weights(copy: Any, layer: Any = None) -> None:
    """Have a layer, and those in it, compute with weights that were set.

    What a ``Normalization`` computes with follows from its weights only when it is told so; what a
    layer of the user's own class does, when they are loaded.

    Args:
        copy: the layer whose weights were set.
        layer: the one that they are of; what else that one would save goes along.
    """
    others = inner_layers(copy if layer is None else layer)
    for its, own in zip(others, inner_layers(copy), strict=False):
        if not own.built:
            continue
        if not is_of_keras(type(own).load_own_variables):
            load_from(own, its)
        elif isinstance(own, keras.layers.Normalization):
            own.finalize_state()


def load_from(copy: Any, layer: Any) -> None:
    """Give a copy of a layer, itself alone, what that one would save, as through a file."""
    kept: dict[str, Any] = {}
    layer.save_own_variables(kept)
    if kept:
        # Not the layer's own arrays, which JAX gives up in a training of the copy.
        copy.load_own_variables({key: _array(value) for key, value in kept.items()})


def _array(value: Any) -> Any:
    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        return value_of(value)
    return value
