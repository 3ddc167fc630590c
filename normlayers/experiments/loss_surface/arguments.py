"""What ``loss_surface`` can be asked for."""

from __future__ import annotations

import math
from typing import Any

from normlayers.experiments.running.command_line import LARGEST_SEED, UsageError, check_ranges

NAME = "loss_surface"
RATE = 0.01  # of Keras's stochastic gradient descent
RANGES = {"seed": (0, LARGEST_SEED), "data-sets": (1, 100_000), "points": (20, 100_000)}
# Points of all data sets, which are held in memory at once in one scaling after another.
MOST_POINTS = 1_000_000
# Under it rounding errors of the minimum would be seen.
SMALLEST_TOLERANCE = 1e-6


def checked(
    seed: int = 0,
    data_sets: int = 1000,
    points: int = 200,
    tolerance: float = 1e-3,
    learning_rate: float = RATE,
) -> dict[str, Any]:
    """The arguments of ``experiment.run``, as results.json has them.

    Raises:
        UsageError: one is out of range, or the points are too many.
    """
    arguments = {
        "seed": seed, "data-sets": data_sets, "points": points, "tolerance": tolerance,
        "learning-rate": learning_rate,
    }  # fmt: skip
    check_ranges(arguments, RANGES)
    if not SMALLEST_TOLERANCE <= tolerance < 1:
        raise UsageError(
            f"--tolerance must be from {SMALLEST_TOLERANCE:g} to under 1, not {tolerance}."
        )
    if not (learning_rate > 0 and math.isfinite(learning_rate)):
        raise UsageError(f"--learning-rate must be over 0 and finite, not {learning_rate}.")
    if data_sets * points > MOST_POINTS:
        raise UsageError(
            f"{data_sets:,} data sets of {points:,} points are more than {MOST_POINTS:,} points; "
            "ask for fewer --data-sets or --points."
        )
    return arguments
