"""What ``two_neuron_ensemble`` can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.data.circles import BATCH_SIZE
from normlayers.experiments.running.command_line import (
    LARGEST_SEED,
    check_choice,
    check_ranges,
    chosen_arms,
)
from normlayers.experiments.two_neuron_ensemble.arms import ARMS

NAME = "two_neuron_ensemble"
RANGES = {
    "seed": (0, LARGEST_SEED),
    # Beyond this, computing the quantiles of one measure of an arm takes a gigabyte.
    "networks": (1, 100_000_000),
    "epochs": (1, 10**9),
    "batch-size": (1, 10**6),
}


def checked(
    seed: int = 0,
    networks: int = 1000,
    epochs: int = 1000,
    batch_size: int = BATCH_SIZE,
    optimizer: str = "rmsprop",
    arms: Sequence[str] = tuple(ARMS),
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range or unknown.
    """
    arguments = {
        "seed": seed, "networks": networks, "epochs": epochs, "batch-size": batch_size,
        "optimizer": optimizer, "arms": chosen_arms(arms, tuple(ARMS)),
    }  # fmt: skip
    check_ranges(arguments, RANGES)
    check_choice("optimizer", optimizer, OPTIMIZERS)
    return arguments
