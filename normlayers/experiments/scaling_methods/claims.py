"""What articles A1, A3 and A4 claim about ways to scale inputs, and the rules.

Cases are networks, compared in pairs: those with the same number have the same initial weights,
split and shuffling in every arm; or splits of one data set, whose interval is about other splits of
the same data. Findings are, by arm, what ``training.train_arm`` returns; by
``neighbours-<data set>`` what ``neighbours.neighbour_accuracies`` returns; ``variances`` of each
feature, by data set and scaling; and ``rounding``, of ``float_precision``.

*Far from* [-1, 1] (A3.3) can mean the scale or the location. Both are tested at the same distance,
10,000: networks with factors of 10,000 and its inverse, precision with these factors and an offset
of 10,000 standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.claim import Claim, OtherReading
from normlayers.experiments.claims.evidence import Evidence, exact, mean, probability_of_improvement
from normlayers.experiments.claims.rules import AtLeast, AtMost
from normlayers.experiments.scaling_methods.float_precision import (
    FACTOR_EXPONENTS,
    OFFSET_EXPONENTS,
    RoundingErrors,
)
from normlayers.experiments.scaling_methods.training import ACTIVATIONS, arm_name

Array = npt.NDArray[Any]
Findings = Mapping[str, Any]

FAR = 4
LARGE, SMALL = 2, -2
SATURATING = ("sigmoid", "tanh")


def varying(variances: Array) -> Array:
    """Variances of the features that are not constant."""
    return variances[variances > 0]


def _gain_of_min_max(findings: Findings, data: str) -> Evidence:
    accuracies = findings[f"neighbours-{data}"]
    return mean(accuracies["min_max"] - accuracies["raw"])


def _of(findings: Findings, activation: str, exponent: int, measure: str) -> Array:
    return findings[arm_name(activation, exponent)][measure]


def _lost_accuracy(findings: Findings) -> Evidence:
    """Mean over networks of the accuracy lost, averaged over both factors."""
    lost = [
        _of(findings, a, 0, "accuracy")
        - (_of(findings, a, -FAR, "accuracy") + _of(findings, a, FAR, "accuracy")) / 2
        for a in ACTIVATIONS
    ]
    return mean(np.concatenate(lost))


def _lost_precision(findings: Findings) -> Evidence:
    found: RoundingErrors = findings["rounding"]
    factors = [found.factor[FACTOR_EXPONENTS.index(exponent)] for exponent in (-FAR, FAR)]
    return exact(float(max(*factors, found.offset[OFFSET_EXPONENTS.index(FAR)])))


def _more_saturated(findings: Findings) -> Evidence:
    more = [
        _of(findings, a, LARGE, "saturation_start") - _of(findings, a, 0, "saturation_start")
        for a in SATURATING
    ]
    return mean(np.concatenate(more))


def _lost_gradient(findings: Findings) -> Evidence:
    lost = [
        1 - _of(findings, a, LARGE, "gradient_start") / _of(findings, a, 0, "gradient_start")
        for a in SATURATING
    ]
    return mean(np.concatenate(lost))


def _faster(findings: Findings) -> Evidence:
    small, standardized = (
        np.concatenate([_of(findings, a, exponent, "epochs_to_target") for a in ACTIVATIONS])
        for exponent in (SMALL, 0)
    )
    return probability_of_improvement(small, standardized)


def _unevenness(findings: Findings, scaling: str) -> Evidence:
    variances = varying(findings["variances"]["digits"][scaling])
    return exact(float(variances.max() / variances.min()))


CLAIMS = (
    Claim(
        id="A1.2",
        measure=(
            "gain in accuracy of 5 nearest neighbours by min-max scaling, mean over splits of wine"
        ),
        rule=AtLeast(0.01, in_part=0.001),
        figure="neighbours.png",
        evidence=lambda findings: _gain_of_min_max(findings, "wine"),
        other_reading=OtherReading(
            measure="for digits, whose bounds are known and alike",
            evidence=lambda findings: _gain_of_min_max(findings, "digits"),
        ),
    ),
    Claim(
        id="A3.3",
        measure=(
            "validation accuracy lost where standardized digits are multiplied by 1e-4 and 1e4, "
            "mean over networks. They are trained at Adam's default rate, with sigmoid, tanh or "
            "ReLU"
        ),
        rule=AtLeast(0.1, in_part=0.01),
        figure="factors.png",
        evidence=_lost_accuracy,
        other_reading=OtherReading(
            measure=(
                "largest float32 precision lost by factors 1e-4 and 1e4 or offset 1e4, in standard "
                "deviations"
            ),
            evidence=_lost_precision,
        ),
    ),
    Claim(
        id="A4.1",
        measure=(
            "how much larger the share of saturated (neuron, point) pairs is at the start with "
            "digits multiplied by 100. Digits are standardized; the mean is over sigmoid and tanh "
            "networks"
        ),
        rule=AtLeast(0.5, in_part=0.1),
        figure="factors.png",
        evidence=_more_saturated,
        other_reading=OtherReading(
            measure=(
                "share of the first layer's first gradient that is lost (norm divided by the "
                "factor)"
            ),
            evidence=_lost_gradient,
        ),
    ),
    Claim(
        id="A4.2",
        measure=(
            "probability of improvement by standardized digits over the same multiplied by 0.01, "
            "in epochs to half of the loss of guessing. Networks have sigmoid, tanh or ReLU"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="factors.png",
        evidence=_faster,
    ),
    Claim(
        id="A4.5",
        measure="largest variance of a digits' pixel that varies over the smallest, after x / std",
        rule=AtMost(1.01, in_part=2),
        figure="variances.png",
        evidence=lambda findings: _unevenness(findings, "divided_by_std"),
        other_reading=OtherReading(
            measure="after min-max scaling",
            evidence=lambda findings: _unevenness(findings, "min_max"),
        ),
    ),
)
