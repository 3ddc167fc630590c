"""What ``activation_odds`` can be asked for."""

from __future__ import annotations

from typing import Any

from normlayers.experiments.running.command_line import LARGEST_SEED, UsageError, check_ranges

NAME = "activation_odds"
RANGES = {
    "seed": (0, LARGEST_SEED),
    "networks": (1, 10**9),
    "points": (1, 100_000),
    "inputs": (1, 10_000),
    "neurons": (1, 10_000),
}
# Numbers in one network's data and pre-activations, four bytes each.
LARGEST_NETWORK = 2**24


def checked(
    seed: int = 0, networks: int = 100_000, points: int = 200, inputs: int = 2, neurons: int = 2
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range, or a network is too large.
    """
    arguments = {
        "seed": seed, "networks": networks, "points": points, "inputs": inputs, "neurons": neurons,
    }  # fmt: skip
    check_ranges(arguments, RANGES)
    numbers = points * (inputs + 2 * neurons)
    if numbers > LARGEST_NETWORK:
        raise UsageError(
            f"a network of {inputs} inputs and {neurons} neurons with {points} points takes "
            f"{4 * numbers / 1e6:.0f} MB, more than {4 * LARGEST_NETWORK / 1e6:.0f}; ask for fewer "
            "--points, --inputs or --neurons."
        )
    return arguments
