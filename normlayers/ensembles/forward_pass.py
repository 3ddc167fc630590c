"""Points sent through stacked networks of either layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from keras import ops

from normlayers.ensembles.backend_programs import compiled
from normlayers.ensembles.dense_networks import DenseNetworks, Weights
from normlayers.ensembles.layer_loop import through_layers

# Of Keras's batch normalization layers.
MOMENTUM, EPSILON = 0.99, 1e-3
# Hidden layers from which a loop is worth its time.
LOOPED_FROM = 10


@dataclass(frozen=True)
class Passed:
    """What went through the networks, in their layout.

    Attributes:
        pre_activations: of each hidden layer, what goes into its activation.
        outputs: of each hidden layer, what the next layer is given.
        logits: of the last layer, see ``DenseNetworks.logits``.
        statistics: a hidden layer a dict: its batch's mean and variance, where it normalizes.
    """

    pre_activations: list[Any]
    outputs: list[Any]
    logits: Any
    statistics: list[dict[str, Any]]


# What one measures of networks: of a pass of points ``x``, arrays by name.
Measure = Callable[[Any, Weights, Passed, Any], dict[str, Any]]


def forward(networks: DenseNetworks, weights: Weights, x: Any, training: bool) -> Passed:
    """Send points through all networks.

    Args:
        networks: what they are.
        weights: as of ``initial_weights``.
        x: in their layout, each network's own points or the same for all.
        training: whether batch normalization uses the statistics of ``x``, or its moving ones.
    """
    pre_activations, outputs, statistics = [], [], []
    for layer in weights[:-1]:
        z, x, found = _hidden_layer(networks, x, layer, training)
        pre_activations.append(z)
        outputs.append(x)
        statistics.append(found)
    logits = networks.logits(networks.affine(x, weights[-1]))
    return Passed(pre_activations, outputs, logits, statistics)


def blocks(networks: DenseNetworks, weights: Weights) -> Weights:
    """The weights with those of hidden layers that are alike stacked on a first axis.

    Returns:
        the first hidden layer's, those after it in one, and the output's; or the weights as they
        are, where the layers are not alike or few.
    """
    if not _are_alike(networks):
        return weights
    alike = weights[1:-1]
    stacked = {name: ops.stack([layer[name] for layer in alike]) for name in alike[0]}
    return [weights[0], stacked, weights[-1]]


def layers(networks: DenseNetworks, blocks: Weights) -> Weights:
    """The weights that ``blocks`` made these of."""
    if not _are_alike(networks):
        return blocks
    first, alike, output = blocks
    after_it = range(len(networks.hidden) - 1)
    return [first, *({name: alike[name][i] for name in alike} for i in after_it), output]


def training_forward(
    networks: DenseNetworks, blocks: Weights, x: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """The logits of ``forward`` in training, and the batch's statistics, a dict a block."""

    def hidden_layer(x: Any, layer: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return _hidden_layer(networks, x, layer, training=True)[1:]

    statistics = []
    for number, block in enumerate(blocks[:-1]):
        looped = number == 1 and _are_alike(networks)
        x, found = through_layers(hidden_layer, x, block) if looped else hidden_layer(x, block)
        statistics.append(found)
    return networks.logits(networks.affine(x, blocks[-1])), statistics


@lru_cache(maxsize=64)
def measuring_program(
    networks: DenseNetworks, measure: Measure, training: bool, often: bool = False
) -> Callable[..., dict[str, Any]]:
    """A compiled function that measures networks.

    Args:
        networks: what they are.
        measure: what is measured.
        training: see ``forward``.
        often: see ``compiled``.

    Returns:
        a function of their weights in ``blocks``, of points in their layout, and of what else
        ``measure`` takes; it returns what ``measure`` does.
    """

    def measured(weights: Weights, x: Any, *more: Any) -> dict[str, Any]:
        weights = layers(networks, weights)
        return measure(networks, weights, forward(networks, weights, x, training), x, *more)

    return compiled(measured, often)


def moved_on(layer: dict[str, Any], statistics: dict[str, Any]) -> dict[str, Any]:
    """A layer's arrays with its moving statistics one batch further."""
    moved = {
        name: layer[name] * MOMENTUM + value * (1 - MOMENTUM) for name, value in statistics.items()
    }
    return {**layer, **moved}


def _are_alike(networks: DenseNetworks) -> bool:
    return len(networks.hidden) >= LOOPED_FROM and len(set(networks.hidden)) == 1


def _hidden_layer(
    networks: DenseNetworks, x: Any, layer: dict[str, Any], training: bool
) -> tuple[Any, Any, dict[str, Any]]:
    """A layer's pre-activations, its outputs, and its batch's statistics."""
    z = networks.affine(x, layer)
    found: dict[str, Any] = {}
    if networks.normalization == "pre":
        z, found = _normalized(networks, z, layer, training)
    x = networks.activated(z, layer)
    if networks.normalization == "post":
        x, found = _normalized(networks, x, layer, training)
    return z, x, found


def _normalized(
    networks: DenseNetworks, x: Any, layer: dict[str, Any], training: bool
) -> tuple[Any, dict[str, Any]]:
    axis = networks.points_axis

    def of_points(vector: Any) -> Any:
        return ops.expand_dims(vector, axis)

    mean, variance = layer["moving_mean"], layer["moving_variance"]
    found = {}
    if training:
        mean = ops.mean(x, axis=axis)
        variance = ops.mean(ops.square(x - of_points(mean)), axis=axis)
        found = {"moving_mean": mean, "moving_variance": variance}
    normalized = (x - of_points(mean)) * of_points(ops.rsqrt(variance + EPSILON))
    return normalized * of_points(layer["gamma"]) + of_points(layer["beta"]), found
