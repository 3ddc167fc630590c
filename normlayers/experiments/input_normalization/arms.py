"""The kinds of networks that article A0's claims are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from normlayers.experiments.input_normalization.data import DATA, points

if TYPE_CHECKING:  # what takes Keras is loaded late: the command line needs the arms' names
    from normlayers.ensembles.classifier_network import Classifier

# By the names that arms have.
ACTIVATIONS = {
    "relu": "relu",
    "leaky-relu": "leaky_relu",
    "prelu": "prelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
}
SATURATING = ("sigmoid", "tanh")
INPUTS = ("raw", "standardized")
NEURONS = 64


@dataclass(frozen=True)
class Arm:
    """Networks of one kind, and the data they are given.

    Attributes:
        data: of ``DATA``.
        activation: of the hidden layer, of ``ACTIVATIONS``.
        standardized: whether a ``Standardize`` layer comes first.
    """

    data: str
    activation: str
    standardized: bool

    @property
    def classifier(self) -> Classifier:
        """The article's network: one hidden layer of 64 neurons."""
        from normlayers.ensembles.classifier_network import Classifier

        x, y = points(self.data)
        return Classifier(
            x.shape[1], (NEURONS,), int(y.max()) + 1, activation=ACTIVATIONS[self.activation]
        )


ARMS = {
    f"{data}-{activation}-{inputs}": Arm(data, activation, inputs == "standardized")
    for data in DATA
    for activation in ACTIVATIONS
    for inputs in INPUTS
}
# Networks that ``model.fit`` trains.
FITS = ("fit-raw", "fit-standardized")
KNOWN_ARMS = (*ARMS, *FITS)
