"""The layout for a few neurons a layer: the networks on every array's last axis.

With the networks on the last axis every operation runs along memory, and a compiler makes vector
instructions of it, however small one network is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.backend_programs import written_side_by_side
from normlayers.ensembles.dense_networks import DenseNetworks, Normalization

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Architecture(DenseNetworks):
    """Dense layers with one activation, and a single output whose logit is a sigmoid's.

    What goes through the networks has the shape ``(points, neurons, networks)``, the logits
    ``(points, networks)``; kernels ``(inputs of the layer, neurons, networks)``, other arrays
    ``(neurons, networks)``.

    Args:
        inputs: features of the data.
        hidden: neurons of each hidden layer.
        activation: of the hidden layers, by its Keras name, or ``"prelu"``.
        normalization: whether a batch normalization stands before (``"pre"``) or after
            (``"post"``) each hidden activation.

    Raises:
        ValueError: a size is not positive, or a name is unknown.

    Example:
        >>> weights = Architecture(hidden=(3,)).initial_weights(10, np.random.default_rng(0))
        >>> [layer["kernel"].shape for layer in weights]
        [(2, 3, 10), (3, 1, 10)]
    """

    inputs: int = 2
    hidden: tuple[int, ...] = (2,)
    activation: str = "relu"
    normalization: Normalization = "none"
    classes: int = field(default=2, init=False, repr=False)

    networks_axis: ClassVar[int] = -1
    points_axis: ClassVar[int] = 0

    @property
    def outputs(self) -> int:
        """One logit for two classes."""
        return 1

    def tensors(self, x: Array, y: Array | None = None) -> tuple[Any, Any]:
        """Shapes ``(points, features, 1)`` and ``(points, 1)``; see ``DenseNetworks``."""
        points = ops.convert_to_tensor(np.asarray(x, "float32")[..., np.newaxis])
        if y is None:
            return points, None
        return points, ops.convert_to_tensor(np.asarray(y, "float32")[:, np.newaxis])

    def ordered(self, x: Any, y: Any, order: Any) -> tuple[Any, Any]:
        """Shapes ``(points, features, networks)``, ``(points, networks)``.

        The points have to be sorted by their labels.
        """
        features = [ops.take(x[:, i, 0], order, axis=0) for i in range(x.shape[1])]
        # To gather a value takes as long as ten comparisons.
        first = ops.sum(ops.cast(y[:, 0] == 0, order.dtype))
        return written_side_by_side(features), ops.cast(order >= first, y.dtype)

    def affine(self, x: Any, layer: dict[str, Any]) -> Any:
        """See ``DenseNetworks``."""
        # Not a matrix product: of such small ones a compiler makes one call a network.
        z = ops.sum(ops.expand_dims(x, 2) * layer["kernel"], axis=1)
        return z + layer["bias"] if "bias" in layer else z

    def logits(self, outputs: Any) -> Any:
        """Shape ``(points, networks)``."""
        return outputs[:, 0]

    def losses(self, logits: Any, y: Any) -> Any:
        """Binary cross-entropy, ``log(1 + exp(logit)) - y logit``; ``(points, networks)``."""
        # With max and abs instead its gradient were wrong at 0, where networks of dead neurons
        # start.
        return ops.softplus(logits) - logits * y

    def _output_layer(self) -> Any:
        return keras.layers.Dense(1, "sigmoid", name="output")

    def _kernels(
        self, random: np.random.Generator, limit: float, networks: int, before: int, after: int
    ) -> Array:
        # A network after the other, so that more of them are the same ones and more.
        return random.uniform(-limit, limit, (networks, before, after)).transpose(1, 2, 0)
