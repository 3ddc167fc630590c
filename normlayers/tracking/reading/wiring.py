"""How the layers of a model stand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import keras

from normlayers.tracking.reading.activation_names import activation_of
from normlayers.tracking.reading.listening import CLOSED, Heard, has_activation
from normlayers.tracking.reading.roles import Roles, roles


@dataclass(frozen=True)
class Wiring:
    """How the probed layers stand to each other.

    Attributes:
        names: the layers read, in the order they are called in.
        neurons: how many each has.
        next_dense: for each layer whose output goes straight into a Dense layer, that one.
        is_chain: whether they are the whole network, one after the other.
        ends_in: the activation that makes the model's one output, of shape ``(points, outputs)``;
            ``""`` where there are others, or it is not known.
        by_position: layers whose neurons are active at some positions of a point (convolution,
            recurrence) and not at others.
        roles: which layers have neurons, and which make outputs.
        activations: the Keras name of each layer's activation; ``""`` where it is not known.
        dense: the Dense layer whose kernel makes a layer's pre-activation, of the layers where one
            does: most often the layer itself.
        sources: what that Dense layer takes: the name of a layer read, or ``""`` for the input.
        fed_by: the layers read whose outputs reach a layer through no other of them, and ``""``
            for an input; not of layers where something on the way is not known.
    """

    names: list[str] = field(default_factory=list)
    neurons: dict[str, int] = field(default_factory=dict)
    next_dense: dict[str, keras.layers.Dense] = field(default_factory=dict)
    is_chain: bool = False
    ends_in: str = ""
    by_position: frozenset[str] = frozenset()
    roles: Roles = field(default_factory=Roles)
    activations: dict[str, str] = field(default_factory=dict)
    dense: dict[str, keras.layers.Dense] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    fed_by: dict[str, list[str]] = field(default_factory=dict)


def wiring_of(
    chosen: list[Heard],
    heard: list[Heard],
    inputs: list[Any],
    outputs: list[Any],
    neurons: dict[str, int],
    named: bool,
) -> Wiring:
    """How layers that were recorded in a call of a model are connected.

    Args:
        chosen: those that are read.
        heard: all of them.
        inputs: tensors that went into the model.
        outputs: tensors that came out of it.
        neurons: how many each of the chosen has.
        named: whether somebody asked for these layers by name.
    """
    next_dense = {}
    for note in chosen:
        takers = [h for h in heard if any(tensor is note.gives for tensor in h.takes)]
        flat = len(note.gives.shape) == 2
        if flat and len(takers) == 1 and type(takers[0].layer) is keras.layers.Dense:
            next_dense[note.name] = takers[0].layer
    whole = [note for note in heard if has_activation(note.layer)] == chosen
    # What stands before the first one, as a standardizing layer, is part of the inputs.
    follow = all(
        len(note.takes) == 1 and note.takes[0] is before.gives for before, note in pairwise(chosen)
    )
    ends = len(inputs) == len(outputs) == 1 and bool(chosen) and chosen[-1].gives is outputs[0]
    activations = {
        note.name: "" if isinstance(note.layer, CLOSED) else activation_of(note.layer)
        for note in chosen
    }
    dense, sources = _kernels(chosen, heard, inputs)
    return Wiring(
        [note.name for note in chosen],
        neurons,
        next_dense,
        whole and follow and ends and all(len(note.gives.shape) == 2 for note in chosen),
        _ends_in(outputs[0], heard) if len(outputs) == 1 and len(outputs[0].shape) == 2 else "",
        frozenset(note.name for note in chosen if len(note.gives.shape) > 2),
        _roles(activations, heard, outputs, named),
        activations,
        dense,
        sources,
        _feeders(chosen, heard, inputs),
    )


def _kernels(
    chosen: list[Heard], heard: list[Heard], inputs: list[Any]
) -> tuple[dict[str, keras.layers.Dense], dict[str, str]]:
    """Which Dense layers make pre-activations straight from an input or a layer that is read."""
    dense, sources = {}, {}
    for note in chosen:
        makers = [h for h in heard if h is note or h.gives is note.pre_activation]
        maker = next((h for h in makers if type(h.layer) is keras.layers.Dense), None)
        if maker is None or len(maker.takes) != 1 or len(maker.gives.shape) != 2:
            continue
        taken = maker.takes[0]
        before = [other.name for other in chosen if other.gives is taken]
        if before or any(taken is tensor for tensor in inputs):
            dense[note.name], sources[note.name] = maker.layer, before[0] if before else ""
    return dense, sources


def _feeders(chosen: list[Heard], heard: list[Heard], inputs: list[Any]) -> dict[str, list[str]]:
    """Which of the layers read feed each, where all of what feeds it is known."""

    known: dict[int, list[str | None]] = {}

    def reach(tensor: Any) -> list[str | None]:
        if id(tensor) not in known:
            known[id(tensor)] = list(dict.fromkeys(found(tensor)))
        return known[id(tensor)]

    def found(tensor: Any) -> list[str | None]:
        makers = [note for note in heard if note.gives is tensor]
        read = [note.name for note in makers if any(note is other for other in chosen)]
        if read:
            return [read[0]]
        if any(tensor is taken for taken in inputs):
            return [""]
        # What goes into a layer with others in it does not say which of them made its output.
        changed = (n for n in makers if n.is_leaf and all(tensor is not o for o in n.origins))
        maker = next(changed, None)
        return [None] if maker is None else [n for o in maker.origins for n in reach(o)]

    fed_by = {}
    for note in chosen:
        reached = [name for origin in note.origins for name in reach(origin)]
        names = [name for name in reached if name is not None]
        if names and len(names) == len(reached):
            fed_by[note.name] = list(dict.fromkeys(names))
    return fed_by


def _roles(
    activations: dict[str, str], heard: list[Heard], outputs: list[Any], named: bool
) -> Roles:
    makers = [note.name for note in heard if any(note.gives is output for output in outputs)]
    # Something that is no layer, as a slice, may come after the last one.
    layers = [note for note in heard if not isinstance(note.layer, keras.Model)]
    if layers and activation_of(layers[-1].layer) == "sigmoid":
        makers.append(layers[-1].name)
    return roles(activations, makers, named)


def _ends_in(output: Any, heard: list[Heard]) -> str:
    """The activation that makes an output, or ``""``."""
    makers = [note.layer for note in heard if note.activated is output]
    return activation_of(makers[0]) if makers else ""
