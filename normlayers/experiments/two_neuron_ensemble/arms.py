"""The kinds of networks that article A2's claims are measured on, and their data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from normlayers.experiments.data.circles import SHIFT, circles

if TYPE_CHECKING:  # what takes Keras is loaded late: the command line needs the arms' names
    from normlayers.ensembles.stacked_network import Architecture

Array = npt.NDArray[Any]

# By the names that arms have, Keras's.
ACTIVATIONS = {
    "none": "linear",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
SHIFTS = tuple(range(11))
CURES = ("standardized", "bn-pre", "bn-post")
# Neurons of the hidden layers of larger networks, by what their arms are called.
SIZES = {
    "8-neurons": (8,),
    "32-neurons": (32,),
    "2-layers": (2, 2),
    "3-layers": (2, 2, 2),
    "8-neurons-3-layers": (8, 8, 8),
}


@dataclass(frozen=True)
class Arm:
    """Networks of one kind, and the data they are given.

    Attributes:
        activation: of the hidden layers, its Keras name.
        normalization: a batch normalization before or after each hidden activation.
        hidden: neurons of each hidden layer.
        shift: what is added to both coordinates of the circles.
        standardized: whether the shifted data are then standardized.
    """

    activation: str = "relu"
    normalization: Literal["none", "pre", "post"] = "none"
    hidden: tuple[int, ...] = (2,)
    shift: float = SHIFT
    standardized: bool = False

    @property
    def architecture(self) -> Architecture:
        """Of the networks."""
        from normlayers.ensembles.stacked_network import Architecture

        return Architecture(
            hidden=self.hidden, activation=self.activation, normalization=self.normalization
        )

    def data(self) -> tuple[Array, Array]:
        """``x`` of shape (166, 2), ``y`` of shape (166, 1), both float32."""
        x, y = circles()
        x = x + np.float32(self.shift)
        if self.standardized:
            from normlayers.experiments.data.scalings import scaled

            (x,) = scaled("standardized", x)
        return x, y


def _arms() -> dict[str, Arm]:
    arms = {
        f"{name}-shift-{shift}": Arm(activation, shift=shift)
        for name, activation in ACTIVATIONS.items()
        for shift in SHIFTS
    }
    for name, activation in ACTIVATIONS.items():
        arms[f"{name}-standardized"] = Arm(activation, standardized=True)
        placements: tuple[Literal["pre", "post"], ...] = ("pre", "post")
        for placement in placements:
            arms[f"{name}-bn-{placement}"] = Arm(activation, placement)
    for name, hidden in SIZES.items():
        arms[f"relu-{name}"] = Arm(hidden=hidden)
    return arms


ARMS = _arms()
