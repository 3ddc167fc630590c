"""Many small dense networks of one architecture as one: their arrays stacked along a last axis.

With the networks on the last axis every operation runs along memory, and a compiler makes vector
instructions of it, however small one network is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.batch_normalization import BatchNormalization

Array = npt.NDArray[Any]
# Names of a layer's arrays, in the order of Keras's `get_weights`.
DENSE = ("kernel", "bias")
NORMALIZED = (*DENSE, "gamma", "beta", "moving_mean", "moving_variance")
MOVING = ("moving_mean", "moving_variance")
# Of Keras's batch normalization layers.
MOMENTUM, EPSILON = 0.99, 1e-3

Weights = list[dict[str, Any]]


@dataclass(frozen=True)
class Architecture:
    """Dense layers with one activation, and a single output whose logit is a sigmoid's.

    Args:
        inputs: features of the data.
        hidden: neurons of each hidden layer.
        activation: of the hidden layers, by its Keras name.
        normalization: whether a batch normalization stands before (``"pre"``) or after
            (``"post"``) each hidden activation.

    Raises:
        ValueError: a size is not positive, or a name is unknown.

    Example:
        >>> Architecture(hidden=(2,), activation="relu").keras_model().count_params()
        9
    """

    inputs: int = 2
    hidden: tuple[int, ...] = (2,)
    activation: str = "relu"
    normalization: Literal["none", "pre", "post"] = "none"

    def __post_init__(self) -> None:
        sizes = (self.inputs, *self.hidden)
        if any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ValueError(f"sizes of layers must be positive integers. Received: {sizes}")
        if self.normalization not in ("none", "pre", "post"):
            raise ValueError(
                f'normalization must be "none", "pre" or "post". Received: {self.normalization!r}'
            )
        try:
            keras.activations.get(self.activation)
        except ValueError:
            raise ValueError(
                f"activation must be a Keras activation's name. Received: {self.activation!r}"
            ) from None

    def initial_weights(self, networks: int, random: np.random.Generator) -> list[dict[str, Array]]:
        """Weights as Keras's layers start with: Glorot and Bengio's (2010) uniform ones, bias 0.

        Args:
            networks: how many.
            random: where they come from.

        Returns:
            a layer a dict, arrays of shape ``(inputs of the layer, neurons, networks)`` and
            ``(neurons, networks)``, float32.
        """
        layers = []
        sizes = (self.inputs, *self.hidden, 1)
        for before, after in pairwise(sizes):
            limit = np.sqrt(6 / (before + after))
            # A network after the other, so that more of them are the same ones and more.
            kernel = random.uniform(-limit, limit, (networks, before, after))
            layer = {"kernel": kernel.astype("float32").transpose(1, 2, 0)}
            for name, value in zip(NORMALIZED[1:], (0, 1, 0, 0, 1), strict=True):
                layer[name] = np.full((after, networks), value, "float32")
            layers.append(layer)
        return [
            {name: layer[name] for name in self.names_of_layer(depth)}
            for depth, layer in enumerate(layers)
        ]

    def names_of_layer(self, depth: int) -> tuple[str, ...]:
        """Names of the arrays of a layer, the hidden ones first, in Keras's order."""
        is_normalized = self.normalization != "none" and depth < len(self.hidden)
        return NORMALIZED if is_normalized else DENSE

    def keras_model(self) -> Any:
        """The same network in Keras, which takes ``keras_weights``."""
        layers: list[Any] = [keras.Input((self.inputs,))]
        for depth, neurons in enumerate(self.hidden):
            name = "hidden" if len(self.hidden) == 1 else f"hidden_{depth + 1}"
            if self.normalization == "none":
                layers.append(keras.layers.Dense(neurons, self.activation, name=name))
                continue
            layers.append(keras.layers.Dense(neurons, name=f"{name}_dense"))
            layers.append(
                BatchNormalization(
                    activation=self.activation, placement=self.normalization, name=name
                )
            )
        layers.append(keras.layers.Dense(1, "sigmoid", name="output"))
        return keras.Sequential(layers)

    def keras_weights(self, weights: Weights, network: int) -> list[Array]:
        """One network's weights, for ``set_weights`` of its Keras model."""
        # Not the dicts' own order, which JAX sorts.
        return [
            layer[name][..., network]
            for depth, layer in enumerate(weights)
            for name in self.names_of_layer(depth)
        ]


@dataclass(frozen=True)
class Pass:
    """What went through the networks; shapes ``(points, neurons, networks)``.

    Attributes:
        pre_activations: of each hidden layer, what goes into its activation.
        outputs: of each hidden layer, what comes out of it.
        logit: shape ``(points, networks)``.
        statistics: a hidden layer a dict: its batch's mean and variance, where it normalizes.
    """

    pre_activations: list[Any]
    outputs: list[Any]
    logit: Any
    statistics: list[dict[str, Any]]


def forward(architecture: Architecture, weights: Weights, x: Any, training: bool) -> Pass:
    """Send points through all networks.

    Args:
        architecture: what they are.
        weights: as of ``Architecture.initial_weights``.
        x: shape ``(points, features, networks)``, or 1 for networks: each network has its own
            points, or all have the same.
        training: whether batch normalization uses the statistics of ``x``, or its moving ones.
    """
    activation = keras.activations.get(architecture.activation)
    pre_activations, outputs, statistics = [], [], []
    for layer in weights[:-1]:
        z = _affine(x, layer)
        found: dict[str, Any] = {}
        if architecture.normalization == "pre":
            z, found = _normalized(z, layer, training)
        pre_activations.append(z)
        x = activation(z)
        if architecture.normalization == "post":
            x, found = _normalized(x, layer, training)
        outputs.append(x)
        statistics.append(found)
    return Pass(pre_activations, outputs, _affine(x, weights[-1])[:, 0], statistics)


def _affine(x: Any, layer: dict[str, Any]) -> Any:
    # Not a matrix product: of such small ones a compiler makes one call a network.
    return ops.sum(ops.expand_dims(x, 2) * layer["kernel"], axis=1) + layer["bias"]


def _normalized(x: Any, layer: dict[str, Any], training: bool) -> tuple[Any, dict[str, Any]]:
    mean, variance = layer["moving_mean"], layer["moving_variance"]
    if training:
        mean = ops.mean(x, axis=0)
        variance = ops.mean(ops.square(x - mean), axis=0)
    normalized = (x - mean) * ops.rsqrt(variance + EPSILON)
    found = {"moving_mean": mean, "moving_variance": variance} if training else {}
    return normalized * layer["gamma"] + layer["beta"], found


def moved_on(layer: dict[str, Any], statistics: dict[str, Any]) -> dict[str, Any]:
    """A layer's arrays with its moving statistics one batch further."""
    moved = {
        name: layer[name] * MOMENTUM + value * (1 - MOMENTUM) for name, value in statistics.items()
    }
    return {**layer, **moved}
