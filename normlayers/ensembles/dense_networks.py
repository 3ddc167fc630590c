"""Many dense networks of one kind, stacked as one: how they are described and initialized.

A ``DenseNetworks`` says what the networks are; its subclasses say how their arrays are laid out.
There are two layouts: ``stacked_network`` is made for a few neurons a layer, ``classifier_network``
for 16 and more.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.batch_normalization import BatchNormalization

Array = npt.NDArray[Any]
# A layer a dict of arrays (or tensors) by name: the hidden layers in order, then the output.
Weights = list[dict[str, Any]]
Normalization = Literal["none", "pre", "post"]

# The arrays that training moves without a gradient.
MOVING = ("moving_mean", "moving_variance")
# He et al. (2015), and PyTorch's PReLU; Keras's own starts with 0, as a ReLU.
PRELU_SLOPE = 0.25
# They take a layer's neurons together; a stack has the networks, or the points, where these look.
NOT_ELEMENTWISE = ("softmax", "log_softmax", "sparsemax", "glu")
# What the arrays other than kernels start with, where it is not 0.
STARTS = {"gamma": 1, "moving_variance": 1, "alpha": PRELU_SLOPE}


class DenseNetworks(ABC):
    """Dense layers with one activation each, and an output of logits.

    Subclasses are frozen dataclasses: they are compared and hashed by what describes the networks,
    and programs are compiled once for each description.

    Attributes:
        inputs: features of the data.
        hidden: neurons of each hidden layer.
        classes: of the labels.
        activation: of the hidden layers, by its Keras name, or ``"prelu"``.
        normalization: whether a batch normalization stands before (``"pre"``) or after
            (``"post"``) each hidden activation.
        use_bias: whether the hidden layers have a bias.
        networks_axis, points_axis: where an array of the layout has the networks, and where what
            goes through the networks has the points.
    """

    inputs: int
    hidden: tuple[int, ...]
    classes: int
    activation: str
    normalization: Normalization
    use_bias: bool = True
    networks_axis: ClassVar[int]
    points_axis: ClassVar[int]

    @property
    def outputs(self) -> int:
        """Logits of a network."""
        return self.classes

    @property
    def alike_drawn(self) -> int:
        """Equal parts of a stack that have their initial kernels and their shuffling in common."""
        return 1

    def activated(self, z: Any, layer: dict[str, Any]) -> Any:
        """The activation of a hidden layer, of its pre-activations."""
        if self.activation == "prelu":
            slope = ops.expand_dims(layer["alpha"], self.points_axis)
            return ops.relu(z) - slope * ops.relu(-z)
        return keras.activations.get(self.activation)(z)

    @abstractmethod
    def tensors(self, x: Array, y: Array | None = None) -> tuple[Any, Any]:
        """Data in this layout, the same for all networks.

        Args:
            x: shape ``(points, features)``.
            y: classes from 0 on, shape ``(points,)``.
        """

    @abstractmethod
    def ordered(self, x: Any, y: Any, order: Any) -> tuple[Any, Any]:
        """Data in each network's own order.

        Args:
            x, y: as of ``tensors``.
            order: of the points, in this layout without neurons: ``(points, networks)`` or
                ``(networks, points)``.
        """

    @abstractmethod
    def affine(self, x: Any, layer: dict[str, Any]) -> Any:
        """A layer's kernel applied to its input, and its bias added where it has one."""

    @abstractmethod
    def logits(self, outputs: Any) -> Any:
        """What the last layer's ``affine`` gives, as ``losses`` takes it."""

    @abstractmethod
    def losses(self, logits: Any, y: Any) -> Any:
        """Cross-entropy of each point and network, in nats; the points on ``points_axis``."""

    @abstractmethod
    def _kernels(
        self, random: np.random.Generator, limit: float, networks: int, before: int, after: int
    ) -> Array:
        """Kernels of a layer, uniform within ``limit``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))  # to be hashed, lists too
        sizes = (self.inputs, *self.hidden, self.outputs)
        if any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ValueError(f"sizes of layers must be positive integers. Received: {sizes}")
        if self.normalization not in ("none", "pre", "post"):
            raise ValueError(
                f'normalization must be "none", "pre" or "post". Received: {self.normalization!r}'
            )
        if self.activation != "prelu":
            try:
                activation = keras.activations.get(self.activation)
            except ValueError:
                raise ValueError(
                    "activation must be a Keras activation's name or 'prelu'. "
                    f"Received: {self.activation!r}"
                ) from None
            if getattr(activation, "__name__", "") in NOT_ELEMENTWISE:
                raise ValueError(
                    "activation must be of each value alone, not of a layer's neurons together. "
                    f"Received: {self.activation!r}"
                )

    def vectors(self, depth: int) -> tuple[str, ...]:
        """Names of a layer's arrays but its kernel, hidden layers first, in Keras's order."""
        if depth == len(self.hidden):
            return ("bias",)
        names: tuple[str, ...] = ("bias",) if self.use_bias else ()
        alpha = ("alpha",) if self.activation == "prelu" else ()
        normalized: tuple[str, ...] = ()
        if self.normalization != "none":
            normalized = ("gamma", "beta", *MOVING)
        after = self.normalization == "post"
        return names + (alpha + normalized if after else normalized + alpha)

    def initial_weights(self, networks: int, random: np.random.Generator) -> Weights:
        """Weights as Keras's layers start with: Glorot and Bengio's (2010) uniform ones, bias 0.

        Args:
            networks: how many.
            random: where they come from; the kernels depend on nothing but it and the sizes.

        Returns:
            float32, in this layout.
        """
        layers = []
        sizes = (self.inputs, *self.hidden, self.outputs)
        for depth, (before, after) in enumerate(pairwise(sizes)):
            limit = np.sqrt(6 / (before + after))
            kernel = self._kernels(random, limit, networks, before, after).astype("float32")
            shape = (networks, after) if self.networks_axis == 0 else (after, networks)
            vectors = {
                name: np.full(shape, STARTS.get(name, 0), "float32") for name in self.vectors(depth)
            }
            layers.append({"kernel": kernel, **vectors})
        return layers

    def keras_model(self) -> Any:
        """The same network in Keras; its arrays are those of a layer's kernel and ``vectors``."""
        layers: list[Any] = [keras.Input((self.inputs,))]
        for depth, neurons in enumerate(self.hidden, start=1):
            activation = self._activation_layer(f"hidden_{depth}")
            hidden = [activation]
            if self.normalization != "none":
                normalize = BatchNormalization(name=f"normalized_{depth}")
                hidden = [normalize, activation][:: 1 if self.normalization == "pre" else -1]
            dense = keras.layers.Dense(neurons, use_bias=self.use_bias, name=f"dense_{depth}")
            layers += [dense, *hidden]
        return keras.Sequential([*layers, self._output_layer()])

    def _activation_layer(self, name: str) -> Any:
        if self.activation == "prelu":
            return keras.layers.PReLU(keras.initializers.Constant(PRELU_SLOPE), name=name)
        return keras.layers.Activation(self.activation, name=name)

    @abstractmethod
    def _output_layer(self) -> Any:
        """The Keras model's last layer."""

    def joined(self, parts: Sequence[Weights]) -> Weights:
        """The weights of several stacks of networks as one."""
        return [
            {
                name: np.concatenate([part[depth][name] for part in parts], self.networks_axis)
                for name in layer
            }
            for depth, layer in enumerate(parts[0])
        ]

    def first(self, weights: Weights, networks: int) -> Weights:
        """The weights of the first so many networks."""
        kept = (slice(networks),) if self.networks_axis == 0 else (..., slice(networks))
        return [{name: array[kept] for name, array in layer.items()} for layer in weights]

    def check_data(self, x: Array, y: Array) -> None:
        """Raise a ``ValueError`` where the networks cannot be trained on the data.

        Args:
            x: shape ``(points, features)``, finite.
            y: classes from 0 on, shape ``(points,)``.
        """
        if x.ndim != 2 or x.shape[1] != self.inputs or y.shape != x.shape[:1] or not len(x):
            raise ValueError(
                f"x must be of shape (points, {self.inputs}) and y of shape (points,). "
                f"Received: {x.shape} and {y.shape}"
            )
        if not np.isfinite(x).all() or not np.isin(y, np.arange(self.classes)).all():
            raise ValueError(
                f"x must be finite, and y classes from 0 to {self.classes - 1}; some are not."
            )


def trained_part(weights: Weights) -> Weights:
    """The arrays that have gradients."""
    return [{n: a for n, a in layer.items() if n not in MOVING} for layer in weights]


def with_trained(weights: Weights, trained: Iterable[dict[str, Any]]) -> Weights:
    """The weights with others in the place of ``trained_part``."""
    return [{**layer, **ours} for layer, ours in zip(weights, trained, strict=True)]
