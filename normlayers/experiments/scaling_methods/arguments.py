"""What ``scaling_methods`` can be asked for."""

from __future__ import annotations

from typing import Any

from normlayers.experiments.running.command_line import LARGEST_SEED, check_ranges

NAME = "scaling_methods"
# Fewer than two have no interval to draw.
RANGES = {
    "seed": (0, LARGEST_SEED),
    "networks": (2, 100_000),
    "splits": (2, 100_000),
    "epochs": (1, 10_000),
}


def checked(
    seed: int = 0, networks: int = 100, splits: int = 200, epochs: int = 20
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range.
    """
    arguments = {"seed": seed, "networks": networks, "splits": splits, "epochs": epochs}
    check_ranges(arguments, RANGES)
    return arguments
