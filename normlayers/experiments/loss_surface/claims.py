"""What articles A3 and A4 claim about loss surfaces, and the rules the claims are held to.

Cases are data sets, each with inputs and targets of its own; steps and paths are those of gradient
descent on the mean squared error.

How much a path zigzags is told by its *detour*: its length over the straight distance from start to
minimum. The share of steps that turn back would not tell: at the best stable learning rate the
steep direction's error changes its sign at every step, however round the surface is, so that a path
of three tiny corrections and one of ten thousand bounces between two walls have the same share.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import Evidence, mean, share
from normlayers.experiments.claims.rules import AtLeast, AtMost
from normlayers.experiments.loss_surface.measures import SQUARED_ERROR, Findings

STRETCHED, ROUND = 100, 2
FEWER = 10
DETOUR = 2


def _rounder(found: Findings, scaling: str) -> Evidence:
    raw, after = (found.surfaces[SQUARED_ERROR, name].condition for name in ("raw", scaling))
    return share((raw > STRETCHED) & (after < ROUND))


def _faster(found: Findings, shared_rate: bool) -> Evidence:
    raw, after = (
        found.counted[name].shared_steps if shared_rate else found.counted[name].steps
        for name in ("raw", "standardized")
    )
    # Infinite steps, a rate that is not stable, are no tenth of infinitely many.
    return share(np.isfinite(after) & (FEWER * after <= raw))


def _straighter(found: Findings, scaling: str) -> Evidence:
    raw, after = found.counted["raw"], found.counted[scaling]
    return share(
        (raw.detour >= DETOUR) & (after.detour < raw.detour / 2) & (after.steps < raw.steps)
    )


CLAIMS = (
    Claim(
        "A3.1",
        "Unequal input scales stretch the loss surface; a common scale makes it round.",
        "share of data sets whose surface has a condition number over 100 on raw inputs and under "
        "2 on standardized ones",
        AtLeast(0.9, in_part=0.5),
        "condition_numbers.png",
        lambda found: _rounder(found, "standardized"),
        ("with min-max scaled inputs", lambda found: _rounder(found, "min_max")),
    ),
    Claim(
        "A3.2",
        "Gradient descent then finds the optimum faster.",
        "share of data sets in which standardized inputs take at most a tenth of the raw inputs' "
        "steps, each at its best learning rate",
        AtLeast(0.9, in_part=0.5),
        "convergence.png",
        lambda found: _faster(found, shared_rate=False),
        ("at one shared learning rate", lambda found: _faster(found, shared_rate=True)),
    ),
    Claim(
        "A4.3",
        "Scaling makes the loss landscape isotropic.",
        "mean condition number of the surface on inputs divided by their standard deviation",
        AtMost(2, in_part=100),
        "contours.png",
        lambda found: mean(found.surfaces[SQUARED_ERROR, "divided_by_std"].condition),
        (
            "with the inputs' mean taken away too",
            lambda found: mean(found.surfaces[SQUARED_ERROR, "standardized"].condition),
        ),
    ),
    Claim(
        "A4.4",
        "Before: the path zigzags; after: it heads for the minimum, in fewer steps.",
        "share of data sets in which the path on raw inputs is long, and on inputs divided by "
        "their standard deviation is not. Long is at least 2 times the straight line; not long "
        "is less than half as many times, in fewer steps",
        AtLeast(0.9, in_part=0.5),
        "contours.png",
        lambda found: _straighter(found, "divided_by_std"),
        ("on standardized inputs", lambda found: _straighter(found, "standardized")),
    ),
)
