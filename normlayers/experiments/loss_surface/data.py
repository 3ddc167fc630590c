"""Data sets of two inputs whose scales differ a hundredfold, and the ways to scale them.

Article A3's example: x1 from U(0, 1), x2 from U(0, 0.01). What is to be learned depends on both
alike: the score of a point is its standardized inputs (by the distribution's mean and standard
deviation) times a direction, drawn for each data set evenly from the circle. Targets to regress
are the score and noise from N(0, 1/4); labels are 1 with the score's sigmoid as probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

HIGHEST = np.array([1.0, 0.01])
MEANS, STANDARD_DEVIATIONS = HIGHEST / 2, HIGHEST / np.sqrt(12)
NOISE = 0.5
# As results.json and as figures and tables name them.
SCALINGS = {
    "raw": "raw",
    "standardized": "standardized",
    "min_max": "min-max",
    "divided_by_std": "x / std",
}


@dataclass(frozen=True)
class DataSets:
    """Data sets of equal size.

    Attributes:
        inputs: shape ``(sets, points, 2)``.
        targets: to regress, shape ``(sets, points)``.
        labels: 0 and 1, shape ``(sets, points)``.
    """

    inputs: Array
    targets: Array
    labels: Array


def draw(sets: int, points: int, seed: int = 0) -> DataSets:
    """Draw data sets; the first is the same however many there are.

    Args:
        sets: how many.
        points: of each.
        seed: of everything random.

    Example:
        >>> data = draw(sets=3, points=20)
        >>> data.inputs.shape, bool(data.inputs[..., 1].max() < 0.01)
        ((3, 20, 2), True)
    """
    of_inputs, of_directions, of_noise, of_labels = np.random.default_rng(seed).spawn(4)
    inputs = of_inputs.random((sets, points, 2)) * HIGHEST
    angle = 2 * np.pi * of_directions.random(sets)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    scores = ((inputs - MEANS) / STANDARD_DEVIATIONS @ direction[..., np.newaxis])[..., 0]
    targets = scores + NOISE * of_noise.standard_normal((sets, points))
    labels = of_labels.random((sets, points)) < 1 / (1 + np.exp(-scores))
    return DataSets(inputs, targets, labels.astype(float))


def scaled(inputs: Array, scaling: str) -> Array:
    """Each data set's inputs, scaled by its own mean and standard deviation, or extrema.

    Args:
        inputs: shape ``(..., points, 2)``.
        scaling: one of ``SCALINGS``.

    Example:
        >>> scaled(np.array([[0.5, 0.001], [0.7, 0.005]]), "min_max").tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    if scaling == "raw":
        return inputs
    if scaling == "min_max":
        low = inputs.min(axis=-2, keepdims=True)
        return (inputs - low) / (inputs.max(axis=-2, keepdims=True) - low)
    std = inputs.std(axis=-2, keepdims=True)
    if scaling == "divided_by_std":
        return inputs / std
    return (inputs - inputs.mean(axis=-2, keepdims=True)) / std


def population_second_moments(scaling: str) -> Array:
    """``E[x xᵀ]`` of inputs scaled by the distribution's own statistics, shape ``(2, 2)``.

    The inputs are independent: ``E[x1 x2] = E[x1] E[x2]``, ``E[x²] = E[x]² + Var x``.

    Example:
        >>> population_second_moments("min_max").round(4).tolist()
        [[0.3333, 0.25], [0.25, 0.3333]]
    """
    mean, std = MEANS, STANDARD_DEVIATIONS
    if scaling == "min_max":
        mean, std = mean / HIGHEST, std / HIGHEST
    elif scaling == "divided_by_std":
        mean, std = mean / std, np.ones(2)
    elif scaling == "standardized":
        mean, std = np.zeros(2), np.ones(2)
    return np.outer(mean, mean) + np.diag(std**2)
