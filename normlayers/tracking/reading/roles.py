"""Which layers have neurons that fire or do not, and which make the model's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Their values compete for one sum, so that none is on or off by itself.
SOFTMAXES = ("softmax", "log_softmax", "sparsemax")


@dataclass(frozen=True)
class Roles:
    """What the watched layers are in the model.

    Attributes:
        neurons: layers with an activation whose neurons are dead, selective or always on. Not
            the layers that make an output, softmax, or linear layers, as the projections of an
            attention are.
        outputs: layers that make an output of the model.
        softmaxes: layers whose values compete for one sum.
    """

    neurons: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    softmaxes: frozenset[str] = frozenset()


def roles(activations: Mapping[str, str], outputs: Sequence[str], named: bool) -> Roles:
    """The roles of some layers.

    Args:
        activations: the Keras name of each layer's activation, by the layer's name, in the order
            of the model; ``""`` where it is not known, as of recurrent layers.
        outputs: the layers that make the model's outputs.
        named: whether somebody asked for these layers by name. Then a linear one is taken for
            neurons too: what is active may be a function that is no layer, after it.

    Example:
        >>> found = roles({"h": "relu", "query": "linear", "y": "sigmoid"}, ["y"], named=False)
        >>> sorted(found.neurons), sorted(found.outputs)
        (['h'], ['y'])
    """
    no_neurons = SOFTMAXES if named else (*SOFTMAXES, "linear")
    neurons = {name for name, activation in activations.items() if activation not in no_neurons}
    softmaxes = {name for name, activation in activations.items() if activation in SOFTMAXES}
    return Roles(
        frozenset(neurons - set(outputs)),
        frozenset(outputs) & activations.keys(),
        frozenset(softmaxes),
    )


def detailed_layers(names: Sequence[str], found: Roles, wanted: int | Sequence[str]) -> list[str]:
    """Which layers are shown in detail.

    Args:
        names: the watched layers, in the order of the model.
        found: their roles.
        wanted: their names, or how many there may be. Where there are more, linear layers are
            left out; where there still are, so many are taken evenly from the first to the last.

    Raises:
        ValueError: a name is not that of a watched layer.

    Example:
        >>> names = [f"relu_{i}" for i in range(9)]
        >>> detailed_layers(names, Roles(frozenset(names)), 3)
        ['relu_0', 'relu_4', 'relu_8']
    """
    if not isinstance(wanted, int):
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise ValueError(
                f"details must be layers that are watched. Received: {unknown[0]!r}; "
                f"watched are {', '.join(names)}."
            )
        return [name for name in names if name in set(wanted)]
    if len(names) <= wanted:
        return list(names)
    names = [name for name in names if name in found.neurons | found.outputs]
    if len(names) <= wanted:
        return names
    last = len(names) - 1
    return [names[round(i * last / max(1, wanted - 1))] for i in range(wanted)]
