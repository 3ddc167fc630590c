"""A copy of a model in which some layers are other ones, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import keras

from normlayers.inference.graph import function_of, has_graph, inner_layers
from normlayers.inference.layer_copy import (
    compute_with_weights,
    layer_like,
    load_from,
    seeds_of_its_own,
    take_assets,
)
from normlayers.inference.linear import LINEAR


class _Nothing:
    """In the place of a layer that was taken out."""


NOTHING = _Nothing()


class Edit(Protocol):
    """What a layer's copy is to have that the layer has not."""

    @property
    def arguments(self) -> dict[str, Any]:
        """Entries of its configuration."""

    def assign(self, copy: Any) -> None:
        """Give the copy its weights."""


class Rebuilding:
    """Copies of a model and of its layers.

    Args:
        replaced: by a layer's id, what is to be called in its place: ``None`` for nothing, or an
            activation: a function or a layer.
        edited: by a layer's id, how its copy differs.
        opened: the ids of the nested models that are copied layer by layer.
    """

    def __init__(
        self,
        replaced: Mapping[int, Any],
        edited: Mapping[int, Edit],
        opened: set[int],
    ) -> None:
        self._replaced, self._edited, self._opened = replaced, edited, opened
        self._copies: dict[int, Any] = {}
        self._pairs: list[tuple[Any, Any]] = []
        self._activations: set[int] = set()  # the ids of those that stand for other layers

    def copied(self, model: Any) -> Any:
        """The copy of a model, with its weights."""
        with seeds_of_its_own():
            copy = self._model(model)
        for layer, its_copy in self._pairs:
            _restore_initializers(its_copy, layer)
            if id(layer) in self._edited:
                self._edited[id(layer)].assign(its_copy)
            else:
                take_state(its_copy, layer)
        # Keras exports what has been called; on symbolic inputs that computes nothing.
        copy(keras.tree.map_structure(_symbolic, function_of(copy).input))
        return copy

    def _model(self, model: Any) -> Any:
        if isinstance(model, keras.Sequential):
            first = model.inputs[0]
            entry = keras.Input(batch_shape=first.shape, dtype=first.dtype, name=first.name)
            layers = [self._copy_of(layer) for layer in model.layers]
            layers = [layer for layer in layers if layer is not NOTHING]
            layers = layers or [keras.layers.Identity()]
            return keras.Sequential([entry, *layers], name=model.name, trainable=model.trainable)
        if model.compiled:  # whose copy would be compiled too
            plain = keras.Model(model.input, model.output, name=model.name)
            plain.trainable = model.trainable
            model = plain
        return keras.models.clone_model(
            model, clone_function=self._copy_of, call_function=self._called
        )

    def _called(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer is NOTHING:
            return args[0]
        return layer(args[0]) if id(layer) in self._activations else layer(*args, **kwargs)

    def _copy_of(self, layer: Any) -> Any:
        if id(layer) not in self._copies:
            self._copies[id(layer)] = self._new_copy_of(layer)
        return self._copies[id(layer)]

    def _new_copy_of(self, layer: Any) -> Any:
        if id(layer) in self._replaced:
            activation = self._replaced[id(layer)]
            if activation is None:
                return NOTHING
            if isinstance(activation, keras.layers.Layer):
                copy = self._paired(activation, _like(activation, name=layer.name))
            else:
                copy = keras.layers.Activation(
                    activation, name=layer.name, dtype=layer.dtype_policy
                )
            self._activations.add(id(copy))
            return copy
        if has_graph(layer) and id(layer) in self._opened:
            return self._model(layer)
        edit = self._edited.get(id(layer))
        return self._paired(layer, _like(layer, **(edit.arguments if edit else {})))

    def _paired(self, layer: Any, copy: Any) -> Any:
        if isinstance(layer, keras.layers.Layer):
            self._pairs.append((layer, copy))
            for name in _initializers(copy):  # random numbers take longer than all the rest
                setattr(copy, name, keras.initializers.Zeros())
        return copy


def _symbolic(tensor: Any) -> Any:
    return keras.KerasTensor(tensor.shape, tensor.dtype)


def _initializers(layer: Any) -> list[str]:
    if type(layer) not in LINEAR:
        return []
    return [name for name in vars(layer) if name.endswith("_initializer")]


def _restore_initializers(copy: Any, layer: Any) -> None:
    for name in _initializers(copy):
        setattr(copy, name, getattr(layer, name))


def _like(layer: Any, **changed: Any) -> Any:
    """A new layer with the arguments of another."""
    try:
        return layer_like(layer, **changed)
    except Exception as error:  # a layer's own code
        said = str(error).split("Example:")[0]  # Keras's, a class of another name
        raise ValueError(
            f"layer {layer.name!r}, a {type(layer).__name__}, cannot be copied from its "
            f"get_config(): {' '.join(said.split())}"
        ) from error


def take_state(copy: Any, layer: Any) -> None:
    """Give a copy of a layer its weights, and what else it has learned."""
    pairs = list(zip(inner_layers(layer), inner_layers(copy), strict=False))
    if any(getattr(its, "quantization_mode", None) for its, _ in pairs):
        # A layer built quantized has its weights in another order than one quantized when built.
        for its, own in pairs:
            load_from(own, its)
    elif layer.weights:
        copy.set_weights(layer.get_weights())
    compute_with_weights(copy, layer)
    take_assets(copy, layer)
