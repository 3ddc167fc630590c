"""A model's own attributes, and TensorFlow's variables among them, kept while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras

_CONTAINERS = (list, dict, set)


@contextmanager
def kept_attributes(model: keras.Model) -> Iterator[None]:
    """Give a model, and the layers in it, the attributes back that they had, whatever happens.

    Containers get their entries back, and variables of TensorFlow that are no Keras variables their
    values, also where this is traced into a ``tf.function``. Keras's variables are not restored:
    run the model in a ``keras.StatelessScope``.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> with kept_attributes(model):
        ...     model.remark = "new"
        >>> hasattr(model, "remark")
        False
    """
    layers = list(model._flatten_layers())
    kept = [_Kept(layer).give_back for layer in layers]
    if keras.backend.backend() == "tensorflow":
        kept += _kept_values(layers)
    try:
        yield
    finally:
        for give_back in kept:
            give_back()


class _Kept:
    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._attributes = dict(vars(layer))
        self._entries = {
            name: _entries(value)
            for name, value in self._attributes.items()
            if isinstance(value, _CONTAINERS)
        }
        self._lock = _Lock(self._attributes.get("_tracker"))

    def give_back(self) -> None:
        own = vars(self._layer)
        for name in own.keys() - self._attributes.keys():
            del own[name]
        own.update(self._attributes)
        self._lock.give_back()
        for name, entries in self._entries.items():
            _refill(self._attributes[name], entries)


class _Lock:
    """What Keras knows of a layer's weights: one that is built takes no more of them."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker
        self._attributes = dict(vars(tracker)) if tracker is not None else {}
        ids = self._attributes.get("stored_ids", {})
        self._ids = {name: set(of) for name, of in ids.items()}

    def give_back(self) -> None:
        if self._tracker is not None:
            vars(self._tracker).update(self._attributes)
            for name, of in self._ids.items():
                _refill(self._tracker.stored_ids[name], of)


def _entries(container: Any) -> Any:
    return dict(container) if isinstance(container, dict) else list(container)


def _refill(container: Any, entries: Any) -> None:
    now = _entries(container)
    if now == entries and all(a is b for a, b in zip(now, entries, strict=True)):
        return
    # By the builtin's own methods: Keras's tracked containers would take note.
    kind: Any = next(kind for kind in _CONTAINERS if isinstance(container, kind))
    kind.clear(container)
    if kind is list:
        list.extend(container, entries)
    else:
        kind.update(container, entries)


def _kept_values(layers: list[Any]) -> list[Callable[[], Any]]:
    """What gives each of TensorFlow's variables in the layers' attributes its value back.

    Reading and assigning a value copies nothing: TensorFlow shares it until one of the two changes.
    """
    import tensorflow as tf

    found: dict[int, Any] = {}
    seen: set[int] = set()
    inside = [value for layer in layers for value in vars(layer).values()]
    while inside:
        value = inside.pop()
        if isinstance(value, tf.distribute.DistributedValues):
            inside += value.values  # the copies on each device, of which each has its own
        elif isinstance(value, tf.Variable):
            found[id(value)] = value
        elif isinstance(value, tf.Module):
            inside += value.variables
        elif isinstance(value, (*_CONTAINERS, tuple)) and id(value) not in seen:
            seen.add(id(value))
            inside += value.values() if isinstance(value, dict) else value
    return [partial(variable.assign, variable.read_value()) for variable in found.values()]
