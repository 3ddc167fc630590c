"""What batch normalization leaves as it is: its input by a gamma and beta, its output by a bias."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import forward
from normlayers.experiments.deep_networks.arms import ACTIVATIONS, DIGITS, PIXELS, digits_split
from normlayers.layers.batch_normalization import BatchNormalization

Array = npt.NDArray[Any]

PLACEMENTS: tuple[Literal["pre", "post"], ...] = ("pre", "post")
# What float32 leaves of a difference of 0, of numbers of the order of 1.
ROUNDING = 1e-4
NEURONS = 300
NETWORKS, HIDDEN, POINTS = 100, 8, 256


def undone(seed: int) -> Array:
    """How far a batch normalization is from its input where gamma and beta undo it.

    Its input are the pre-activations of ``NEURONS`` neurons with random weights on the digits;
    ``gamma = sqrt(variance + epsilon)`` and ``beta = mean``, of each neuron.

    Returns:
        a neuron's largest difference over the points, in its standard deviations.
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, 0]))
    z = digits_split(standardized=True).x @ random.normal(size=(PIXELS, NEURONS)).astype("float32")
    mean, variance = z.mean(axis=0, dtype=float), z.var(axis=0, dtype=float)
    layer: Any = BatchNormalization()
    layer.build(z.shape)
    layer.gamma.assign(np.sqrt(variance + layer.epsilon))
    layer.beta.assign(mean)
    back = ops.convert_to_numpy(layer(z, training=True))
    return abs(back - z).max(axis=0) / np.sqrt(variance)


def moved_by_biases(
    placement: Literal["pre", "post"], seed: int, width: int
) -> dict[str, Array]:  # fmt: skip
    """How far random biases of all hidden layers move the logits of batch-normalized networks.

    Networks of ``HIDDEN`` hidden layers with random kernels, gammas and betas see a batch of
    digits, in training mode.

    Args:
        placement: of the batch normalization.
        seed: of everything random.
        width: neurons of each hidden layer.

    Returns:
        by activation, each network's largest difference of a logit, shape ``(NETWORKS,)``.
    """
    return {
        activation: _moved(Classifier(PIXELS, (width,) * HIDDEN, DIGITS, activation, placement),
                           np.random.default_rng(np.random.SeedSequence([seed, 1])))
        for activation in ACTIVATIONS
    }  # fmt: skip


def _moved(classifier: Classifier, random: np.random.Generator) -> Array:
    without = classifier.initial_weights(NETWORKS, random)
    for layer in without[:-1]:
        layer["gamma"] = random.uniform(0.5, 1.5, layer["gamma"].shape).astype("float32")
        layer["beta"] = random.normal(size=layer["beta"].shape).astype("float32")
    biases = [random.normal(size=layer["bias"].shape).astype("float32") for layer in without[:-1]]
    with_biases = [
        {**layer, "bias": bias} for layer, bias in zip(without[:-1], biases, strict=True)
    ]
    x = ops.convert_to_tensor(digits_split(standardized=True).x[:POINTS].T)
    logits = [
        ops.convert_to_numpy(forward(classifier, weights, x, training=True).logits)
        for weights in (without, [*with_biases, without[-1]])
    ]
    return abs(logits[0] - logits[1]).max(axis=(1, 2))
