"""What articles A3 and A4 claim about loss surfaces, and the rules.

Cases are data sets, each with inputs and targets of its own; steps and paths are those of gradient
descent on the mean squared error.

How much a path zigzags is measured by its *detour*: its length over the straight distance from
start to minimum. The share of steps that turn back would not show it: at the best stable learning
rate the error in the steep direction changes its sign at every step, however round the surface is,
so a path of three tiny corrections and one of ten thousand zigzags have the same share.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.claims.claim import Claim, OtherReading
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
    # Infinite steps (an unstable rate) are not a tenth of infinitely many.
    return share(np.isfinite(after) & (FEWER * after <= raw))


def _straighter(found: Findings, scaling: str) -> Evidence:
    raw, after = found.counted["raw"], found.counted[scaling]
    return share(
        (raw.detour >= DETOUR) & (after.detour < raw.detour / 2) & (after.steps < raw.steps)
    )


CLAIMS = (
    Claim(
        id="A3.1",
        measure=(
            "share of data sets whose surface has a condition number over 100 on raw inputs and "
            "under 2 on standardized ones"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="condition_numbers.png",
        evidence=lambda found: _rounder(found, "standardized"),
        other_reading=OtherReading(
            measure="with min-max scaled inputs",
            evidence=lambda found: _rounder(found, "min_max"),
        ),
    ),
    Claim(
        id="A3.2",
        measure=(
            "share of data sets in which standardized inputs take at most a tenth of the raw "
            "inputs' steps, each at its best learning rate"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="convergence.png",
        evidence=lambda found: _faster(found, shared_rate=False),
        other_reading=OtherReading(
            measure="at one shared learning rate",
            evidence=lambda found: _faster(found, shared_rate=True),
        ),
    ),
    Claim(
        id="A4.3",
        measure=(
            "mean condition number of the surface on inputs divided by their standard deviation"
        ),
        rule=AtMost(2, in_part=100),
        figure="contours.png",
        evidence=lambda found: mean(found.surfaces[SQUARED_ERROR, "divided_by_std"].condition),
        other_reading=OtherReading(
            measure="with the inputs' mean taken away too",
            evidence=lambda found: mean(found.surfaces[SQUARED_ERROR, "standardized"].condition),
        ),
    ),
    Claim(
        id="A4.4",
        measure=(
            "share of data sets in which the path on raw inputs is long, and on inputs divided by "
            "their standard deviation is not. Long is at least 2 times the straight line; not long "
            "is less than half as many times, in fewer steps"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="contours.png",
        evidence=lambda found: _straighter(found, "divided_by_std"),
        other_reading=OtherReading(
            measure="on standardized inputs",
            evidence=lambda found: _straighter(found, "standardized"),
        ),
    ),
)
