"""Article A2's claims about trained networks, and their rules.

Findings are measures by arm: ``findings[arm][measure]`` has one value per network; see
``measures.StackedMeasures``. A network *beats* logistic regression where its accuracy on
the data is higher by 0.03 or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import Evidence, difference, mean, share
from normlayers.experiments.claims.rules import AtLeast, AtMost
from normlayers.experiments.data.circles import logistic_regression_accuracy
from normlayers.experiments.two_neuron_ensemble.arms import SIZES

Array = npt.NDArray[Any]
# By arm, a mapping from measures to values: an array with fields, or a dict.
Findings = Mapping[str, Any]

BEATS_BY = 0.03
# R² from which a logit counts as linear: 1 within float32's precision.
LINEAR = 1 - 1e-6
# Cosine from which two neurons count as having learned the same.
ALIKE = 0.99


def beats(found: Any) -> Array:
    """Which networks of an arm beat logistic regression; booleans.

    Args:
        found: the arm's measures.
    """
    return found["accuracy"] >= logistic_regression_accuracy() + BEATS_BY


def _stays_as_it_was(found: Any) -> Evidence:
    return share((found["states_kept"] == 1) & ~beats(found))


def _best_of_larger(findings: Findings) -> Evidence:
    small = beats(findings["relu-shift-10"])
    larger = [difference(beats(findings[f"relu-{size}"]), small) for size in SIZES]
    return max(larger, key=lambda evidence: evidence.value)


def _always_on_alike(findings: Findings) -> Evidence:
    # NaN where fewer than two neurons are always on, as in six of seven networks of two neurons.
    alike = findings["relu-8-neurons"]["alike_end"]
    return share(alike[np.isfinite(alike)] >= ALIKE)


def _dead_stay(findings: Findings) -> Evidence:
    moved = findings["relu-shift-10"]["dead_moved"]
    return share(moved[np.isfinite(moved)] == 0)


CLAIMS = (
    Claim(
        id="A2.1",
        measure=(
            "share of networks without activation whose logit is linear after training, on centred "
            "data. Linear is an R² within 1e-6 of 1"
        ),
        rule=AtLeast(0.99, in_part=0.9),
        figure="sweep.png",
        evidence=lambda findings: share(findings["none-shift-0"]["linearity_end"] >= LINEAR),
    ),
    Claim(
        id="A2.2",
        measure=(
            "of the points that activate any neuron, the share that activates one only, mean over "
            "networks. They have ReLU and centred data"
        ),
        rule=AtLeast(0.67, in_part=0.5),
        figure="exclusive.png",
        evidence=lambda findings: mean(findings["relu-shift-0"]["exclusive_end"]),
    ),
    Claim(
        id="A2.3",
        measure=(
            "share of networks with dead neurons at the start in which training moves no weight of "
            "theirs. They have ReLU and data shifted by 10"
        ),
        rule=AtLeast(0.99, in_part=0.9),
        figure="movement.png",
        evidence=_dead_stay,
    ),
    Claim(
        id="A2.9",
        measure=(
            "share of networks whose neurons that are always on at the start end with weights "
            f"alike. Alike is a mean cosine of their pairs from {ALIKE} on. Networks have 8 ReLU "
            "neurons and data shifted by 10"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="alike.png",
        evidence=_always_on_alike,
    ),
    Claim(
        id="A2.10",
        measure=(
            "gain in the share of networks that beat logistic regression (ReLU, data shifted by "
            "10). It is the best of 8 or 32 neurons, 2 or 3 layers, and 3 layers of 8, over 2 "
            "neurons in 1 layer"
        ),
        rule=AtMost(0.05, in_part=0.2),
        figure="sizes.png",
        evidence=_best_of_larger,
    ),
    Claim(
        id="A2.11",
        measure=(
            "share of networks whose neurons all end in the state they started in and that do not "
            "beat logistic regression. They have ReLU and data shifted by 10"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="movement.png",
        evidence=lambda findings: _stays_as_it_was(findings["relu-shift-10"]),
    ),
    Claim(
        id="A2.12",
        measure=(
            "share of networks whose neurons all end in the state they started in and that do not "
            "beat logistic regression. They have sigmoid and data shifted by 10"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="movement.png",
        evidence=lambda findings: _stays_as_it_was(findings["sigmoid-shift-10"]),
    ),
    Claim(
        id="A2.13",
        measure=(
            "gain in the share of networks that beat logistic regression (ReLU) by standardizing "
            "data shifted by 10"
        ),
        rule=AtLeast(0.5, in_part=0.1),
        figure="cures.png",
        evidence=lambda findings: difference(
            beats(findings["relu-standardized"]), beats(findings["relu-shift-10"])
        ),
    ),
)
