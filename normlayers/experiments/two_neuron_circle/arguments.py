"""What ``two_neuron_circle`` can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normlayers.experiments.running.command_line import LARGEST_SEED, check_ranges, chosen_arms
from normlayers.experiments.two_neuron_circle.arms import ARMS

NAME = "two_neuron_circle"
RANGES = {"seed": (0, LARGEST_SEED), "epochs": (1, 10**9), "every": (1, 10**9)}


def checked(
    seed: int = 10, epochs: int = 1000, arms: Sequence[str] = ARMS, every: int = 20
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range or unknown.
    """
    arguments = {"seed": seed, "epochs": epochs, "every": every, "arms": chosen_arms(arms, ARMS)}
    check_ranges(arguments, RANGES)
    return arguments
