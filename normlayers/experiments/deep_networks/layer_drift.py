"""How much what a layer is given changes from one epoch to the next.

Ioffe and Szegedy (2015) call a change of the distribution of a layer's inputs internal covariate
shift. Santurkar et al. (2018, "How Does Batch Normalization Help Optimization?") measure it by the
change of a layer's gradient when the layers before it are updated, and find that batch
normalization does not reduce it by that measure. The measure here is Ioffe and Szegedy's: of the
distribution alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.dense_networks import Weights
from normlayers.ensembles.forward_pass import Passed

Array = npt.NDArray[Any]


def outputs_distribution(
    classifier: Classifier, weights: Weights, passed: Passed, x: Any
) -> dict[str, Any]:
    """Mean and standard deviation of every hidden neuron's output over the points.

    Returns:
        ``mean`` and ``std`` of shape ``(networks, layers, neurons)``, hidden layers of one width;
        a ``Measure`` of ``forward_pass``.
    """
    means = [ops.mean(outputs, axis=-1) for outputs in passed.outputs]
    spreads = [
        ops.sqrt(ops.mean(ops.square(outputs - mean[..., None]), axis=-1))
        for outputs, mean in zip(passed.outputs, means, strict=True)
    ]
    return {"mean": ops.stack(means, axis=1), "std": ops.stack(spreads, axis=1)}


def drift(mean: Array, std: Array) -> Array:
    """The distance between a layer's outputs before and after, as a part of their spread before.

    Neurons are taken as normally distributed and apart: the distance is Wasserstein's of order 2,
    ``sqrt(sum((m' - m)^2 + (s' - s)^2))`` over a layer's neurons of mean ``m`` and standard
    deviation ``s``; the spread is ``sqrt(sum(s^2))``.

    Args:
        mean, std: of neurons' outputs, shape ``(networks, times, layers, neurons)``.

    Returns:
        shape ``(networks, times - 1, layers)``; 0 where nothing changed, infinite where outputs
        without any spread did, or are no numbers.

    Example:
        >>> drift(np.array([[[[0.0]], [[2.0]]]]), np.array([[[[1.0]], [[1.0]]]]))
        array([[[2.]]])
    """
    mean, std = np.asarray(mean, float), np.asarray(std, float)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        squares = np.diff(mean, axis=1) ** 2 + np.diff(std, axis=1) ** 2
        distance = np.sqrt(squares.sum(axis=-1))
        spread = np.sqrt((std[:, :-1] ** 2).sum(axis=-1))
        relative = np.where(distance == 0, 0, distance / spread)
    return np.where(np.isnan(relative), np.inf, relative)
