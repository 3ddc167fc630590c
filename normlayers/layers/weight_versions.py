"""Whether weights still are what they were, without reading them off a device where possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def version_of(weights: Sequence[Any]) -> tuple[Any, ...] | None:
    """What equals an earlier version as long as nobody has set the weights since.

    Args:
        weights: Keras's variables.

    Returns:
        a tuple that holds on to what it names; ``None`` while a graph is traced, in which weights
        have no values.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if not tf.executing_eagerly() or tf.distribute.has_strategy():
            return None
        return tuple(weight.value.numpy().tobytes() for weight in weights)
    values = [weight.value for weight in weights]
    if backend == "jax":  # arrays that never change
        import jax

        traced = any(isinstance(value, jax.core.Tracer) for value in values)
        return None if traced else tuple(map(_Same, values))
    import torch

    if torch.compiler.is_compiling() or any(value.is_meta for value in values):
        return None
    if any(value.device.type != "cpu" for value in values):
        return tuple((_Same(value), value._version, value.data_ptr()) for value in values)
    try:  # the values: what is written through ``.data`` leaves the version as it was
        return tuple(value.detach().numpy().tobytes() for value in values)
    except (RuntimeError, TypeError):  # within a transformation of torch.func
        return None


class _Same:
    """Equals what holds the same object."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.held is self.held

    __hash__ = None  # type: ignore[assignment]
