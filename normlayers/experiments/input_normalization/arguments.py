"""What ``input_normalization`` can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normlayers.experiments.input_normalization.arms import KNOWN_ARMS
from normlayers.experiments.running.command_line import LARGEST_SEED, check_ranges, chosen_arms

NAME = "input_normalization"
RANGES = {"seed": (0, LARGEST_SEED), "networks": (1, 100_000), "epochs": (1, 100_000)}


def checked(
    seed: int = 0, networks: int = 200, epochs: int = 100, arms: Sequence[str] = KNOWN_ARMS
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range or unknown.
    """
    arguments = {
        "seed": seed, "networks": networks, "epochs": epochs,
        "arms": chosen_arms(arms, KNOWN_ARMS),
    }  # fmt: skip
    check_ranges(arguments, RANGES)
    return arguments
