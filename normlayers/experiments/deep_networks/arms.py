"""The kinds of deep networks that the claims on batch normalization are measured on, their data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:  # what takes Keras is loaded late: the command line needs the arms' names
    from normlayers.ensembles.classifier_ensemble import Split
    from normlayers.ensembles.classifier_network import Classifier

ACTIVATIONS = ("relu", "sigmoid", "tanh")
# By the names that arms have, ``Classifier``'s.
NORMALIZATIONS = {"none": "none", "bn-pre": "pre", "bn-post": "post"}
INPUTS = ("raw", "standardized")
DEPTHS = (2, 8, 20)
SHALLOW, DEEP = DEPTHS[0], DEPTHS[-1]
PIXELS, DIGITS = 64, 10
# 44 batches of 32; the other 389 images are for validation.
TRAINING_POINTS = 1408
SPLIT_SEED = 0


@dataclass(frozen=True)
class Arm:
    """Networks of one kind, and how their data are given to them.

    Attributes:
        activation: of the hidden layers.
        normalization: one of ``NORMALIZATIONS``.
        inputs: one of ``INPUTS``.
        depth: hidden layers.
        fixed: whether gamma stays 1 and beta 0.

    Example:
        >>> Arm("relu", "bn-pre", "raw", 8).name
        'relu-bn-pre-raw-depth-8'
    """

    activation: str
    normalization: str
    inputs: str
    depth: int
    fixed: bool = False

    @property
    def name(self) -> str:
        """What the arm is called."""
        fixed = "-fixed" if self.fixed else ""
        return f"{self.activation}-{self.normalization}-{self.inputs}-depth-{self.depth}{fixed}"

    def classifier(self, width: int) -> Classifier:
        """The architecture, with so many neurons a hidden layer."""
        from normlayers.ensembles.classifier_network import Classifier

        placement = cast(Literal["none", "pre", "post"], NORMALIZATIONS[self.normalization])
        hidden = (width,) * self.depth
        return Classifier(PIXELS, hidden, DIGITS, self.activation, placement)

    def split(self) -> Split:
        """The images."""
        return digits_split(self.inputs == "standardized")


@lru_cache
def digits_split(standardized: bool) -> Split:
    """The digits, split once for all seeds, each class in the same proportion.

    Args:
        standardized: whether each pixel, from 0 to 16, has mean 0 and standard deviation 1 on the
            training images. Pixels that are always 0 stay 0.
    """
    from sklearn.model_selection import train_test_split

    from normlayers.ensembles.classifier_ensemble import Split
    from normlayers.experiments.data.digits import digits
    from normlayers.experiments.data.scalings import scaled

    data = digits()
    x, x_validation, y, y_validation = train_test_split(
        data.x, data.y, train_size=TRAINING_POINTS, stratify=data.y, random_state=SPLIT_SEED
    )
    if standardized:
        x, x_validation = scaled("standardized", x, x_validation)
    return Split(x, y, x_validation, y_validation)


def fixed_cells() -> list[tuple[str, str, int]]:
    """Activation, inputs and depth of the arms whose gamma and beta are not learned."""
    # Of all depths for the sigmoid alone, which A3.5 is about, for each takes seconds to compile.
    return [
        cell
        for cell in product(ACTIVATIONS, INPUTS, DEPTHS)
        if cell[0] == "sigmoid" or cell[2] == SHALLOW
    ]


def _arms() -> Mapping[str, Arm]:
    arms = [
        Arm(activation, normalization, inputs, depth)
        for activation, normalization, inputs, depth in product(
            ACTIVATIONS, NORMALIZATIONS, INPUTS, DEPTHS
        )
    ]
    arms += [
        Arm(activation, "bn-pre", inputs, depth, fixed=True)
        for activation, inputs, depth in fixed_cells()
    ]
    return {arm.name: arm for arm in arms}


ARMS = _arms()
