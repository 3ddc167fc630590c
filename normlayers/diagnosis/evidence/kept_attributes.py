"""A model's own attributes, kept as they are while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

_CONTAINERS = (list, dict, set)


@contextmanager
def kept_attributes(model: keras.Model) -> Iterator[None]:
    """Give a model, and the layers in it, the attributes back that they had, whatever happens.

    Containers get their entries back. Variables are not restored: run the model in a
    ``keras.StatelessScope``.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> with kept_attributes(model):
        ...     model.remark = "new"
        >>> hasattr(model, "remark")
        False
    """
    kept = [_Kept(layer) for layer in model._flatten_layers()]
    try:
        yield
    finally:
        for layer in kept:
            layer.give_back()


class _Kept:
    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._attributes = dict(vars(layer))
        self._entries = {
            name: _entries(value)
            for name, value in self._attributes.items()
            if isinstance(value, _CONTAINERS)
        }

    def give_back(self) -> None:
        own = vars(self._layer)
        for name in own.keys() - self._attributes.keys():
            del own[name]
        own.update(self._attributes)
        for name, entries in self._entries.items():
            _refill(self._attributes[name], entries)


def _entries(container: Any) -> Any:
    return dict(container) if isinstance(container, dict) else list(container)


def _refill(container: Any, entries: Any) -> None:
    if _entries(container) == entries and all(
        a is b for a, b in zip(_entries(container), entries, strict=True)
    ):
        return
    # By the builtin's own methods: Keras's tracked containers would take note.
    kind: Any = next(kind for kind in _CONTAINERS if isinstance(container, kind))
    kind.clear(container)
    if kind is list:
        list.extend(container, entries)
    else:
        kind.update(container, entries)
