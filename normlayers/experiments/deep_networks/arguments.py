"""What ``deep_networks`` can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.deep_networks.arms import ARMS, TRAINING_POINTS
from normlayers.experiments.running.command_line import (
    LARGEST_SEED,
    check_choice,
    check_ranges,
    chosen_arms,
)

NAME = "deep_networks"
RANGES = {
    "seed": (0, LARGEST_SEED),
    "networks": (1, 10_000),
    "epochs": (1, 1000),
    "width": (1, 512),
    "batch-size": (1, TRAINING_POINTS),
}


def checked(
    seed: int = 0,
    networks: int = 34,
    epochs: int = 12,
    width: int = 16,
    batch_size: int = 32,
    optimizer: str = "adam",
    arms: Sequence[str] = tuple(ARMS),
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range or unknown.
    """
    arguments = {
        "seed": seed, "networks": networks, "epochs": epochs, "width": width,
        "batch-size": batch_size, "optimizer": optimizer, "arms": chosen_arms(arms, tuple(ARMS)),
    }  # fmt: skip
    check_ranges(arguments, RANGES)
    check_choice("optimizer", optimizer, OPTIMIZERS)
    return arguments
