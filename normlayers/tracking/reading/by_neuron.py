"""What a layer's neurons do in a call, in columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from normlayers.tracking.measures import threshold
from normlayers.tracking.reading.activation_names import activation_of
from normlayers.tracking.reading.listening import Heard
from normlayers.tracking.reading.padding import counted_positions


class ByNeuron(NamedTuple):
    """What a layer's neurons do, a column each and a row for each point and position.

    Attributes:
        active: where they are.
        outputs: the layer's.
        activated: what came out of the activation.
        activation: its Keras name; empty where what came out of it is not known, as inside a
            recurrence.
        counted: which rows are no padding; ``None`` where there is no mask.
    """

    active: Any
    outputs: Any
    activated: Any
    activation: str
    counted: Any


def by_neuron(note: Heard) -> ByNeuron:
    """What a layer's neurons do in a call that was heard."""
    first = getattr(note.layer, "data_format", None) == "channels_first"

    def rows(tensor: Any) -> Any:
        tensor = ops.moveaxis(tensor, 1, -1) if first and len(tensor.shape) > 2 else tensor
        return ops.reshape(tensor, (-1, tensor.shape[-1] if len(tensor.shape) > 1 else 1))

    outputs, activation = rows(note.gives), activation_of(note.layer)
    is_last = note.activated is note.gives
    normalized = isinstance(note.layer, keras.layers.BatchNormalization)  # after it, perhaps
    counted = counted_positions(note.gives)
    if note.pre_activation is None or not (is_last or normalized):
        return ByNeuron(outputs > threshold(activation), outputs, outputs, "", counted)
    active, activated = rows(note.pre_activation) > 0, rows(note.activated)
    return ByNeuron(active, outputs, activated, activation, counted)
