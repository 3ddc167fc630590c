"""The weights of a layer that follows the input through something that is linear."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# The pre-activations are of float32.
_EXACT = 1e-4


def input_weights(x: Array, pre_activation: Array) -> tuple[Array, Array] | None:
    """Kernel and bias with which a layer's pre-activations are those of a Dense layer on the input.

    What lies between may be a standardizing layer, or a batch normalization at inference.

    Args:
        x: points, shape ``(points, features)``.
        pre_activation: shape ``(points, neurons)``.

    Returns:
        shapes ``(features, neurons)`` and ``(neurons,)``; ``None`` where there are no such
        weights, or too few points to tell.

    Example:
        >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [3.0, 2.0]])
        >>> kernel, bias = input_weights(x, x @ [[2.0], [-1.0]] + 1)
        >>> kernel.round(9).tolist(), bias.round(9).tolist()
        ([[2.0], [-1.0]], [1.0])
    """
    x, z = np.asarray(x, float), np.asarray(pre_activation, float)
    if len(x) < x.shape[1] + 2 or not np.isfinite(z).all():
        return None
    mean, middle = x.mean(axis=0), z.mean(axis=0)
    kernel, _, rank, _ = np.linalg.lstsq(x - mean, z - middle, rcond=None)
    off = np.abs((x - mean) @ kernel - (z - middle)).max(axis=0)
    if rank < x.shape[1] or np.any(off > _EXACT * np.maximum(np.abs(z).max(axis=0), 1e-30)):
        return None
    return kernel, middle - mean @ kernel
