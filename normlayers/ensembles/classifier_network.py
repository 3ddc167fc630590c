"""Many dense classifiers of one architecture as one: their arrays stacked along a first axis.

Where ``stacked_network`` is made for a few neurons a layer, here each layer is one batched matrix
product: 16 neurons and more take a tenth of the time that way. Points are on the last axis: all
networks' first layers are then one product where they share the points, and a neuron's batch
statistics are taken along memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.layer_loop import through_layers
from normlayers.ensembles.stacked_network import EPSILON, MOVING, Weights
from normlayers.layers.batch_normalization import BatchNormalization

Array = npt.NDArray[Any]
# He et al. (2015), and PyTorch's PReLU; Keras's own starts with 0, as a ReLU.
PRELU_SLOPE = 0.25
# Hidden layers from which a loop is worth its time.
LOOPED_FROM = 10


@dataclass(frozen=True)
class Classifier:
    """Dense layers with one activation, and an output of one logit a class.

    Args:
        inputs: features of the data.
        hidden: neurons of each hidden layer.
        classes: of the labels.
        activation: of the hidden layers, by its Keras name, or ``"prelu"``.
        normalization: whether a batch normalization stands before (``"pre"``) or after
            (``"post"``) each hidden activation.
        rescale: whether the batch normalizations learn a gamma and a beta.
        use_bias: whether the hidden layers have a bias.

    Raises:
        ValueError: a size is not positive, or a name is unknown.

    Example:
        >>> Classifier(inputs=4, hidden=(8, 8), classes=3).keras_model().count_params()
        139
    """

    inputs: int
    hidden: tuple[int, ...]
    classes: int
    activation: str = "relu"
    normalization: Literal["none", "pre", "post"] = "none"
    rescale: bool = True
    use_bias: bool = True

    def __post_init__(self) -> None:
        sizes = (self.inputs, *self.hidden, self.classes)
        if any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ValueError(f"sizes of layers must be positive integers. Received: {sizes}")
        if self.normalization not in ("none", "pre", "post"):
            raise ValueError(
                f'normalization must be "none", "pre" or "post". Received: {self.normalization!r}'
            )
        if self.activation != "prelu":
            try:
                keras.activations.get(self.activation)
            except ValueError:
                raise ValueError(
                    "activation must be a Keras activation's name or 'prelu'. "
                    f"Received: {self.activation!r}"
                ) from None

    def initial_weights(self, networks: int, random: np.random.Generator) -> list[dict[str, Array]]:
        """Weights as Keras's layers start with: Glorot and Bengio's (2010) uniform ones, bias 0.

        Args:
            networks: how many.
            random: where they come from; the kernels depend on nothing but it and the sizes.

        Returns:
            a layer a dict, arrays of shape ``(networks, neurons, inputs of the layer)`` and
            ``(networks, neurons)``, float32.
        """
        layers = []
        sizes = (self.inputs, *self.hidden, self.classes)
        for depth, (before, after) in enumerate(pairwise(sizes)):
            limit = np.sqrt(6 / (before + after))
            kernel = random.uniform(-limit, limit, (networks, after, before))
            layer = {"kernel": kernel.astype("float32")}
            for name in self._vectors(depth):
                value = {"gamma": 1, "moving_variance": 1, "alpha": PRELU_SLOPE}.get(name, 0)
                layer[name] = np.full((networks, after), value, "float32")
            layers.append(layer)
        return layers

    def _vectors(self, depth: int) -> tuple[str, ...]:
        """Names of a layer's arrays but its kernel, in Keras's order."""
        if depth == len(self.hidden):
            return ("bias",)
        names: tuple[str, ...] = ("bias",) if self.use_bias else ()
        alpha = ("alpha",) if self.activation == "prelu" else ()
        normalized: tuple[str, ...] = ()
        if self.normalization != "none":
            normalized = (*(("gamma", "beta") if self.rescale else ()), *MOVING)
        after = self.normalization == "post"
        return names + (alpha + normalized if after else normalized + alpha)

    def keras_model(self) -> Any:
        """The same network in Keras, its output the logits; it takes ``keras_weights``."""
        layers: list[Any] = [keras.Input((self.inputs,))]
        for depth, neurons in enumerate(self.hidden, start=1):
            activation = self._activation_layer(f"hidden_{depth}")
            hidden = [activation]
            if self.normalization != "none":
                normalize = BatchNormalization(
                    center=self.rescale, scale=self.rescale, name=f"normalized_{depth}"
                )
                hidden = [normalize, activation][:: 1 if self.normalization == "pre" else -1]
            dense = keras.layers.Dense(neurons, use_bias=self.use_bias, name=f"dense_{depth}")
            layers += [dense, *hidden]
        layers.append(keras.layers.Dense(self.classes, name="logits"))
        return keras.Sequential(layers)

    def _activation_layer(self, name: str) -> Any:
        if self.activation == "prelu":
            return keras.layers.PReLU(keras.initializers.Constant(PRELU_SLOPE), name=name)
        return keras.layers.Activation(self.activation, name=name)

    def keras_weights(self, weights: Weights, network: int) -> list[Array]:
        """One network's weights, for ``set_weights`` of its Keras model."""
        return [
            np.asarray(layer[name][network]).T
            for depth, layer in enumerate(weights)
            for name in ("kernel", *self._vectors(depth))
        ]


@dataclass(frozen=True)
class Passed:
    """What went through the networks; shapes ``(networks, neurons, points)``.

    Attributes:
        pre_activations: of each hidden layer, what goes into its activation.
        outputs: of each hidden layer, what the next layer is given.
        logits: shape ``(networks, classes, points)``.
        statistics: a hidden layer a dict: its batch's mean and variance, where it normalizes.
    """

    pre_activations: list[Any]
    outputs: list[Any]
    logits: Any
    statistics: list[dict[str, Any]]


def forward(classifier: Classifier, weights: Weights, x: Any, training: bool) -> Passed:
    """Send points through all networks.

    Args:
        classifier: what they are.
        weights: as of ``Classifier.initial_weights``.
        x: shape ``(features, points)``, the same for all, or ``(networks, features, points)``.
        training: whether batch normalization uses the statistics of ``x``, or its moving ones.
    """
    pre_activations, outputs, statistics = [], [], []
    for layer in weights[:-1]:
        z, x, found = _hidden_layer(classifier, x, layer, training)
        pre_activations.append(z)
        outputs.append(x)
        statistics.append(found)
    return Passed(pre_activations, outputs, _affine(x, weights[-1]), statistics)


def blocks(classifier: Classifier, weights: Weights) -> Weights:
    """The weights with those of hidden layers that are alike stacked on a first axis.

    Returns:
        the first hidden layer's, those after it in one, and the output's; or the weights as they
        are, where the layers are not alike or few.
    """
    if not _are_alike(classifier):
        return weights
    alike = weights[1:-1]
    stacked = {name: ops.stack([layer[name] for layer in alike]) for name in alike[0]}
    return [weights[0], stacked, weights[-1]]


def layers(classifier: Classifier, blocks: Weights) -> Weights:
    """The weights that ``blocks`` made these of."""
    if not _are_alike(classifier):
        return blocks
    first, alike, output = blocks
    after_it = range(len(classifier.hidden) - 1)
    return [first, *({name: alike[name][i] for name in alike} for i in after_it), output]


def training_forward(
    classifier: Classifier, blocks: Weights, x: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """The logits of ``forward`` in training, and the batch's statistics, a dict a block."""

    def hidden_layer(x: Any, layer: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return _hidden_layer(classifier, x, layer, training=True)[1:]

    statistics = []
    for number, block in enumerate(blocks[:-1]):
        looped = number == 1 and _are_alike(classifier)
        x, found = through_layers(hidden_layer, x, block) if looped else hidden_layer(x, block)
        statistics.append(found)
    return _affine(x, blocks[-1]), statistics


def _are_alike(classifier: Classifier) -> bool:
    return len(classifier.hidden) >= LOOPED_FROM and len(set(classifier.hidden)) == 1


def _hidden_layer(
    classifier: Classifier, x: Any, layer: dict[str, Any], training: bool
) -> tuple[Any, Any, dict[str, Any]]:
    """A layer's pre-activations, its outputs, and its batch's statistics."""
    z = _affine(x, layer)
    found: dict[str, Any] = {}
    if classifier.normalization == "pre":
        z, found = _normalized(z, layer, training)
    x = activated(classifier.activation, z, layer)
    if classifier.normalization == "post":
        x, found = _normalized(x, layer, training)
    return z, x, found


def activated(activation: str, z: Any, layer: dict[str, Any]) -> Any:
    """What a layer's activation makes of its pre-activations."""
    if activation == "prelu":
        return ops.relu(z) - layer["alpha"][..., None] * ops.relu(-z)
    return keras.activations.get(activation)(z)


def _affine(x: Any, layer: dict[str, Any]) -> Any:
    kernel = layer["kernel"]
    if len(x.shape) == 2:  # one product for all networks
        networks, neurons, inputs = kernel.shape
        z = ops.matmul(ops.reshape(kernel, (networks * neurons, inputs)), x)
        z = ops.reshape(z, (networks, neurons, x.shape[1]))
    else:
        z = ops.matmul(kernel, x)
    return z + layer["bias"][..., None] if "bias" in layer else z


def _normalized(x: Any, layer: dict[str, Any], training: bool) -> tuple[Any, dict[str, Any]]:
    mean, variance = layer["moving_mean"], layer["moving_variance"]
    found = {}
    if training:
        mean = ops.mean(x, axis=-1)
        variance = ops.mean(ops.square(x - mean[..., None]), axis=-1)
        found = {"moving_mean": mean, "moving_variance": variance}
    normalized = (x - mean[..., None]) * ops.rsqrt(variance + EPSILON)[..., None]
    if "gamma" in layer:
        normalized = normalized * layer["gamma"][..., None] + layer["beta"][..., None]
    return normalized, found
