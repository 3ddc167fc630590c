"""The kinds of networks that article A2's claims are measured on, and their data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.stacked_network import Architecture
from normlayers.experiments.data.circles import SHIFT, circles
from normlayers.experiments.data.scalings import scaled

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
        architecture: of the networks.
        shift: what is added to both coordinates of the circles.
        standardized: whether the shifted data are then standardized.
    """

    architecture: Architecture
    shift: float = SHIFT
    standardized: bool = False

    def data(self) -> tuple[Array, Array]:
        """``x`` of shape (166, 2), ``y`` of shape (166, 1), both float32."""
        x, y = circles()
        x = x + np.float32(self.shift)
        if self.standardized:
            (x,) = scaled("standardized", x)
        return x, y


def _arms() -> dict[str, Arm]:
    arms = {
        f"{name}-shift-{shift}": Arm(Architecture(activation=activation), shift)
        for name, activation in ACTIVATIONS.items()
        for shift in SHIFTS
    }
    for name, activation in ACTIVATIONS.items():
        arms[f"{name}-standardized"] = Arm(Architecture(activation=activation), standardized=True)
        placements: tuple[Literal["pre", "post"], ...] = ("pre", "post")
        for placement in placements:
            arms[f"{name}-bn-{placement}"] = Arm(
                Architecture(activation=activation, normalization=placement)
            )
    for name, hidden in SIZES.items():
        arms[f"relu-{name}"] = Arm(Architecture(hidden=hidden))
    return arms


ARMS = _arms()
