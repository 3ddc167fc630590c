"""How saturated the hidden neurons of many networks are: the tracker's measure, a value each."""

from __future__ import annotations

from typing import Any

from keras import ops

from normlayers.ensembles.dense_networks import DenseNetworks
from normlayers.tracking.measures import DERIVATIVES, SATURATED


def slopes(networks: DenseNetworks, outputs: Any) -> Any:
    """Magnitude of the activation's derivative, from what came out of it.

    Args:
        networks: what they are; their activation is one of ``tracking.measures.DERIVATIVES``.
        outputs: of a hidden layer's activation, in their layout.

    Returns:
        float32, the same shape.
    """
    return ops.abs(ops.cast(DERIVATIVES[networks.activation](outputs), "float32"))


def saturation(networks: DenseNetworks, outputs: Any) -> Any:
    """Share of the (neuron, point) pairs in which a neuron hardly learns.

    That is the mean over a layer's neurons of ``tracking.measures.saturation``: the share of the
    points on which the activation's derivative is under 0.01.

    Args:
        networks, outputs: as for ``slopes``.

    Returns:
        shape ``(networks,)``, each in [0, 1].
    """
    saturated = ops.cast(slopes(networks, outputs) < SATURATED, "float32")
    return ops.mean(saturated, axis=(1, 2) if networks.networks_axis == 0 else (0, 1))
