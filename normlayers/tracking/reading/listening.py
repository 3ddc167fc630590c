"""What passes through a model's layers while it runs, however they are put together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

# Their inner layers run inside loops, whose tensors mean nothing outside.
CLOSED = (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed)
# Layers that are an activation.
ACTIVATIONS = (
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
)
# Keras has one `Layer.__call__`.
ONE_AT_A_TIME = threading.RLock()


@dataclass(eq=False)
class Heard:
    """A call of a layer.

    Attributes:
        layer: the layer.
        name: the layer's name; where it is not the only one of that name its path, with
            ``_layer_1`` and so on after it where that is shared too; and where it has been called
            before ``_call_2`` and so on after it.
        takes: the tensors that went in.
        gives: the tensor, or the structure of tensors, that came out.
        pre_activation: what went into the layer's activation, if it has one that was called.
        activated: what came out of it.
        origins: the tensors that went in, of those that layers without weights or an activation
            made (pooling, flattening, adding) what went into these instead.
        is_leaf: whether no other call of this list was part of this one.
    """

    layer: Any
    name: str
    takes: list[Any]
    gives: Any
    pre_activation: Any = None
    activated: Any = None
    origins: list[Any] = field(default_factory=list)
    is_leaf: bool = True


class _Origins:
    """What tensors were made of by layers that are not heard."""

    def __init__(self) -> None:
        # With the tensor, whose number another may get.
        self._of: dict[int, tuple[Any, list[Any]]] = {}

    def of(self, tensors: list[Any]) -> list[Any]:
        """The tensors' origins, each once."""
        found = [o for t in tensors for o in self._of.get(id(t), (t, [t]))[1]]
        return list({id(origin): origin for origin in found}.values())

    def passed(self, note: Heard) -> None:
        """A layer that is not heard, in which none was, made its outputs of its inputs."""
        for tensor in keras.tree.flatten(note.gives):
            self._of[id(tensor)] = tensor, note.origins

    def made(self, note: Heard) -> None:
        """Outputs are the layer's own, whatever in it made them last."""
        for tensor in keras.tree.flatten(note.gives):
            self._of.pop(id(tensor), None)


def listen(run: Callable[[], Any]) -> tuple[Any, list[Heard]]:
    """Run a function, and hear the layers with weights or an activation that it calls, in order.

    Works while a function is traced as well as where it simply runs.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu", name="h")])
        >>> output, heard = listen(lambda: model(keras.ops.ones((1, 2))))
        >>> heard[0].name, heard[0].gives is output
        ('h', True)
    """
    heard: list[Heard] = []
    thread = threading.get_ident()
    closed = 0  # how many closed layers are running
    at_work: list[Any] = []  # the activations of the layers that are
    origins = _Origins()

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal closed
        if threading.get_ident() != thread or closed:
            return call_of_any_layer(layer, *args, **kwargs)
        takes = [t for t in keras.tree.flatten((args, kwargs)) if hasattr(t, "shape")]
        note = Heard(layer, layer.name, takes, None, origins=origins.of(takes))
        before = len(heard)
        closed += isinstance(layer, CLOSED)
        at_work.append(getattr(layer, "activation", None))
        try:
            with _noted_activation(note):
                note.gives = call_of_any_layer(layer, *args, **kwargs)
        finally:
            at_work.pop()
            closed -= isinstance(layer, CLOSED)
        note.is_leaf = len(heard) == before
        if any(activation is layer for activation in at_work):
            return note.gives
        if layer.weights or has_activation(layer):
            heard.append(note)
            origins.made(note)
        elif note.is_leaf:
            origins.passed(note)
        return note.gives

    with ONE_AT_A_TIME:
        call_of_any_layer = keras.layers.Layer.__call__
        keras.layers.Layer.__call__ = call
        try:
            output = run()
        finally:
            keras.layers.Layer.__call__ = call_of_any_layer
    heard = [note for note in heard if _graph(note.gives) is _graph(output)]
    _tell_apart(heard)
    return output, heard


@contextmanager
def _noted_activation(note: Heard) -> Iterator[None]:
    """Note what goes through the layer's activation while the layer is called."""
    layer = note.layer
    if isinstance(layer, ACTIVATIONS):
        yield
        note.pre_activation, note.activated = note.takes[0], note.gives
        return
    if isinstance(layer, CLOSED) or not has_activation(layer):
        yield
        return
    activation = layer.activation

    def noting(z: Any, *args: Any, **kwargs: Any) -> Any:
        note.pre_activation = z
        note.activated = activation(z, *args, **kwargs)
        return note.activated

    own, before = vars(layer), vars(layer).get("activation", layer)
    own["activation"] = noting
    try:
        yield
    finally:
        if before is layer:  # it was kept elsewhere, as torch keeps modules
            del own["activation"]
        else:
            own["activation"] = before


def has_activation(layer: Any) -> bool:
    """Whether a layer has an activation, be it the linear one, or is one."""
    return isinstance(layer, ACTIVATIONS) or callable(getattr(layer, "activation", None))


def _graph(tensors: Any) -> Any:
    """TensorFlow's graph that made them, which of a loop's is not that of the model."""
    some = next((t for t in keras.tree.flatten(tensors) if hasattr(t, "shape")), None)
    return getattr(some, "graph", None)


def _tell_apart(heard: list[Heard]) -> None:
    """Give every call a name of its own."""
    for note in _of_shared_names(heard):
        note.name = note.layer.path.replace("/", ".")
    layers: dict[str, list[Any]] = {}
    for note in _of_shared_names(heard):  # as a subclass may have two of one name beside each other
        alike = layers.setdefault(note.name, [])
        alike += [note.layer] * all(layer is not note.layer for layer in alike)
        number = next(i for i, layer in enumerate(alike, 1) if layer is note.layer)
        note.name += f"_layer_{number}"
    calls: Counter[str] = Counter()
    for note in heard:
        calls[note.name] += 1
        if calls[note.name] > 1:
            note.name += f"_call_{calls[note.name]}"


def _of_shared_names(heard: list[Heard]) -> list[Heard]:
    """The calls of layers whose name another layer has too."""
    layers: dict[str, set[int]] = {}
    for note in heard:
        layers.setdefault(note.name, set()).add(id(note.layer))
    return [note for note in heard if len(layers[note.name]) > 1]
