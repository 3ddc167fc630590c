"""What is measured on deep networks: one value per network, and how networks compare in pairs.

Networks of arms of one depth start with the same kernels, number by number, and see the data in the
same order: they are compared in pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.ensembles.classifier_ensemble import epochs_to
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.deep_networks.arms import (
    ACTIVATIONS,
    DEEP,
    DEPTHS,
    DIGITS,
    INPUTS,
    SHALLOW,
    Arm,
)

Array = npt.NDArray[Any]
# Activation, inputs, depth.
Cell = tuple[str, str, int]

# Half of the loss of guessing, in nats.
TARGET_LOSS = float(np.log(DIGITS)) / 2
# Beyond this ratio gradients have exploded, under its inverse vanished.
FAR = 100.0
# Times as many epochs as a network of the least depth takes; as many as it is deeper.
LINEAR = DEEP / SHALLOW


@dataclass(frozen=True)
class Findings:
    """All results.

    Attributes:
        arms: by arm's name, by measure's, what ``training.Trained`` keeps of its networks.
        undone: of ``identities.undone``.
        moved_by_biases: by placement, by activation, of ``identities.moved_by_biases``.
    """

    arms: ByArm[Mapping[str, Array]]
    undone: Array
    moved_by_biases: Mapping[str, Mapping[str, Array]]

    def of(
        self, measure: str, normalization: str, cells: Iterable[Cell], fixed: bool = False
    ) -> Array:
        """A measure of ``MEASURES`` of arms that differ in their cells only.

        Returns:
            shape ``(cells, networks)``.

        Raises:
            ArmNotRunError: one of the arms was not run.
        """
        names = [Arm(a, normalization, i, d, fixed).name for a, i, d in cells]
        return np.stack([MEASURES[measure](self.arms[name]) for name in names])


def cells(
    activations: Iterable[str] = ACTIVATIONS,
    inputs: Iterable[str] = INPUTS,
    depths: Iterable[int] = DEPTHS,
) -> list[Cell]:
    """All combinations."""
    return [(a, i, d) for a in activations for i in inputs for d in depths]


def _final_loss(found: Mapping[str, Array]) -> Array:
    loss = np.asarray(found["loss"][:, -1], float)
    return np.where(found["diverged"], np.inf, loss)


def _first_to_last(found: Mapping[str, Array]) -> Array:
    norms = np.asarray(found["first_gradient_norms"], float)
    # The last is the logits' layer, which is not hidden.
    with np.errstate(divide="ignore", invalid="ignore"):
        return norms[:, 0] / norms[:, -2]


# One value per network, from what is kept of an arm.
MEASURES = {
    "epochs": lambda found: epochs_to(found["loss"], TARGET_LOSS),
    "loss": _final_loss,
    "accuracy": lambda found: np.asarray(found["validation_accuracy"][:, -1], float),
    "first_to_last": _first_to_last,
    "first_gradient": lambda found: np.asarray(found["first_gradient_norms"][:, 0], float),
    "drift": lambda found: found["drift"].mean(axis=(1, 2)),
}


def is_near(ratio: Array) -> Array:
    """Where a ratio of gradients' norms is within ``FAR`` of 1; NaN is not."""
    return (ratio >= 1 / FAR) & (ratio <= FAR)


def depth_ratio(found: Findings, normalization: str) -> Array:
    """First hidden layer's gradient norm of the deepest networks over that of the shallowest.

    Returns:
        shape ``(activations and inputs, networks)``.
    """
    deep, shallow = (
        found.of("first_gradient", normalization, cells(depths=[depth]))
        for depth in (DEEP, SHALLOW)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return deep / shallow


def deep_in_time(found: Findings, normalization: str) -> Array:
    """Which of the deepest networks reach the target in ``LINEAR`` times the shallowest's epochs.

    Returns:
        booleans, shape ``(activations and inputs, networks)``; false for those that do not reach
        it within the epochs trained.
    """
    deep, shallow = (
        found.of("epochs", normalization, cells(depths=[depth])) for depth in (DEEP, SHALLOW)
    )
    return np.isfinite(deep) & (deep <= LINEAR * shallow)


def deep_untold(found: Findings, normalization: str) -> Array:
    """Which of the deepest networks were not trained long enough to know whether they are in time.

    Returns:
        booleans, as ``deep_in_time``: those that did not reach the target in the epochs trained,
        which are fewer than ``LINEAR`` times the shallowest's.
    """
    deep, shallow = (
        found.of("epochs", normalization, cells(depths=[depth])) for depth in (DEEP, SHALLOW)
    )
    trained = next(iter(found.arms.values()))["loss"].shape[1]
    return np.isinf(deep) & (trained < LINEAR * shallow)
