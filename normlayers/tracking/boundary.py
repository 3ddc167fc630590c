"""A model's decision boundary: its logit on a grid over the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Boundary:
    """A logit on a grid over points; the decision boundary is where it is 0.

    Attributes:
        points: the points the grid was laid over, shape ``(points, 2)``.
        extent: the grid's ``(left, right, bottom, top)``, in the points' units.
        logit: shape ``(resolution, resolution)``; rows run from bottom to top.
    """

    points: Array
    extent: tuple[float, float, float, float]
    logit: Array


def boundary_over(
    points: Array, logit_of: Callable[[Array], Array], resolution: int = 101
) -> Boundary:
    """Evaluate a model on a square grid over points and a margin about them.

    Args:
        points: shape ``(points, 2)``: inputs, or a layer's two activations.
        logit_of: takes float32 points of shape ``(n, 2)`` and returns their logits, ``n`` values.
        resolution: grid points along each side.

    Raises:
        ValueError: the points are not pairs.

    Example:
        >>> boundary = boundary_over(np.array([[0.0, 0.0], [1.0, 2.0]]), lambda x: x[:, 0])
        >>> boundary.extent
        (-0.1, 1.1, -0.2, 2.2)
    """
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"a boundary is drawn over pairs. Received: points of shape {points.shape}"
        )
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    # Points on a line, such as a dead neuron's zeros or a saturated one's all but equal values,
    # still get an area.
    told_apart = 64 * np.finfo(np.float32).eps * np.maximum(abs(low), abs(high))
    margin = np.where(high - low > told_apart, 0.1 * (high - low), 0.5)
    (left, bottom), (right, top) = low - margin, high + margin
    across, up = np.meshgrid(
        np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    )
    grid = np.stack([across.ravel(), up.ravel()], axis=1).astype("float32")
    logit = np.asarray(logit_of(grid), float).reshape(resolution, resolution)
    extent = (float(left), float(right), float(bottom), float(top))
    return Boundary(points, extent, logit)
