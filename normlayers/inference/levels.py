"""Which batch normalizations have to be right before another one's inputs are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from normlayers.inference.graph import function_of, has_graph, inner_layers, nodes_of


def levels(model: Any, layers: Sequence[Any], called: Sequence[Any]) -> list[list[Any]]:
    """The layers in groups: the inputs of each group depend on the groups before it alone.

    As few groups as there are. Of a model whose calls are not known, each layer is a group, in the
    order in which they are called.

    Args:
        model: any Keras model.
        layers: some of its layers.
        called: which of them a call of the model calls, in order, as often as it does.

    Raises:
        ValueError: the inputs of a layer depend on its own outputs, or may do so.
    """
    depends_on = _dependencies(model, layers)
    if depends_on is None:
        repeated = [layer for layer, times in Counter(called).items() if times > 1]
        if repeated:
            raise ValueError(
                f"layer {repeated[0].name!r} is called more than once, and what its inputs depend "
                "on is known only of layers that Sequential and Functional models call themselves, "
                "not of those within other layers or models; pass layerwise=False."
            )
        return [[layer] for layer in called]
    groups, done = [], 0
    waiting = [index for index, layer in enumerate(layers) if layer in called]
    while waiting:
        ready = [index for index in waiting if not depends_on[index] & ~done]
        if not ready:
            names = ", ".join(repr(layers[index].name) for index in waiting)
            raise ValueError(
                f"the inputs of a layer depend on its own outputs, among {names}: no order makes "
                "them exact; pass layerwise=False."
            )
        groups.append([layers[index] for index in ready])
        waiting = [index for index in waiting if index not in ready]
        done |= sum(1 << index for index in ready)
    return groups


def _dependencies(model: Any, layers: Sequence[Any]) -> list[int] | None:
    """For each layer, those before it as the bits of a number; ``None`` where they are unknown."""
    number = {id(layer): index for index, layer in enumerate(layers)}
    before = [0] * len(layers)

    def walk(function: Any, at_inputs: int) -> int:
        reached = dict.fromkeys(map(id, function.inputs), at_inputs)
        for node in nodes_of(function):
            bits = 0
            for tensor in node.input_tensors:
                bits |= reached[id(tensor)]
            layer = node.operation
            if id(layer) in number:
                before[number[id(layer)]] |= bits
                bits |= 1 << number[id(layer)]
            elif has_graph(layer):
                bits = walk(function_of(layer), bits)
            elif hasattr(layer, "weights") and any(id(i) in number for i in inner_layers(layer)):
                raise _UnknownError
            reached.update(dict.fromkeys(map(id, node.outputs), bits))
        bits = 0
        for tensor in function.outputs:
            bits |= reached[id(tensor)]
        return bits

    if not has_graph(model):
        return None
    try:
        walk(function_of(model), 0)
    except _UnknownError:
        return None
    return before


class _UnknownError(Exception):
    pass
