"""What a traced reading of a model depends on beside its weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

# Of a model what training sets is no part of what it computes.
_OF_TRAINING = {
    *("built", "compiled", "history", "jit_compile", "loss", "optimizer"),
    *("steps_per_execution", "stop_training", "stop_evaluating", "stop_predicting", "training"),
    *("train_function", "test_function", "predict_function"),
}
_PLAIN = (bool, int, float, complex, str, type(None))


class TracedState:
    """The layers of a model, with their activations, numbers and variables, as they are now.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu")])
        >>> before = TracedState(model)
        >>> before == TracedState(model)
        True
        >>> model.layers[0].activation = keras.activations.tanh
        >>> before == TracedState(model)
        False
    """

    def __init__(self, model: keras.Model) -> None:
        # The objects themselves: of one that is gone another may have the id.
        self._parts = list(_parts(model, set()))
        self._parts += [("variable", variable) for variable in model.weights]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TracedState)
            and len(self._parts) == len(other._parts)
            and all(map(_same, self._parts, other._parts))
        )

    __hash__ = None  # type: ignore[assignment]


def _parts(layer: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield "layer", layer
    for name, value in vars(layer).items():
        told = isinstance(value, _PLAIN) or callable(value)
        if told and not name.startswith("_") and name not in _OF_TRAINING:
            yield name, value
    # On torch an activation that is a layer is kept elsewhere.
    inner = getattr(layer, "activation", None)
    for part in (*getattr(layer, "_layers", ()), *([inner] if _is_layer(inner) else ())):
        if _is_layer(part):
            yield from _parts(part, seen)


def _is_layer(part: Any) -> bool:
    return isinstance(part, keras.layers.Layer)


def _same(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    (name, before), (now_name, now) = one, other
    if name != now_name:
        return False
    plain = isinstance(before, _PLAIN) and type(before) is type(now)
    return before is now or (plain and (before == now or before != before))
