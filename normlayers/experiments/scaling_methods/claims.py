"""What articles A1, A3 and A4 claim about ways to scale inputs, and the rules for it.

Cases are networks, which are compared in pairs: those of one number have the same initial weights,
split and shuffling in every arm; or splits of a data set, whose interval tells of other splits of
the same data. Findings are by arm what ``scaled_networks.train_arm`` returns; by
``neighbours-<data set>`` what ``scaled_neighbours.neighbour_accuracies`` does; ``variances``, by
data set and scaling, of each feature; and ``rounding``, of ``float_precision``.

What is *far from* [-1, 1] (A3.3) can be meant of the scale, or of the place. Both are held to the
same distance, 10,000: networks to factors of 10,000 and its inverse, precision to these factors and
an offset of 10,000 standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import Evidence, exact, mean, share
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
    """Mean over networks of what both factors lose on average."""
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


def _later(findings: Findings) -> Evidence:
    # Where neither gets there, none is later.
    later = [
        _of(findings, a, SMALL, "epochs_to_target") > _of(findings, a, 0, "epochs_to_target")
        for a in ACTIVATIONS
    ]
    return share(np.concatenate(later))


def _unevenness(findings: Findings, scaling: str) -> Evidence:
    variances = varying(findings["variances"]["digits"][scaling])
    return exact(float(variances.max() / variances.min()))


CLAIMS = (
    Claim(
        "A1.2",
        "Min-max scaling suits distance-based models and bounded data.",
        "gain in accuracy of 5 nearest neighbours by min-max scaling, mean over splits of wine",
        AtLeast(0.01, in_part=0.001),
        "neighbours.png",
        lambda findings: _gain_of_min_max(findings, "wine"),
        (
            "for digits, whose bounds are known and alike",
            lambda findings: _gain_of_min_max(findings, "digits"),
        ),
    ),
    Claim(
        "A3.3",
        "Inputs far from [-1, 1] lose floating-point precision and fit default learning rates "
        "badly.",
        "validation accuracy lost where standardized digits are multiplied by 1e-4 and 1e4, mean "
        "over networks. They are trained at Adam's default rate, with sigmoid, tanh or ReLU",
        AtLeast(0.1, in_part=0.01),
        "factors.png",
        _lost_accuracy,
        (
            "largest float32 precision lost by factors 1e-4 and 1e4 or offset 1e4, in standard "
            "deviations",
            _lost_precision,
        ),
    ),
    Claim(
        "A4.1",
        "Inputs too large saturate sigmoid and tanh: gradients vanish.",
        "how much larger the share of saturated (neuron, point) pairs is at the start with digits "
        "multiplied by 100. Digits are standardized; the mean is over sigmoid and tanh networks",
        AtLeast(0.5, in_part=0.1),
        "factors.png",
        _more_saturated,
        (
            "share of the first layer's first gradient that is lost (norm divided by the factor)",
            _lost_gradient,
        ),
    ),
    Claim(
        "A4.2",
        "Inputs too small make learning hard.",
        "share of networks that get to half of the loss of guessing later, or never, with digits "
        "multiplied by 0.01. Digits are standardized; networks have sigmoid, tanh or ReLU",
        AtLeast(0.9, in_part=0.5),
        "factors.png",
        _later,
    ),
    Claim(
        "A4.5",
        "Scaling evens the variances of the features.",
        "largest variance of a digits' pixel that varies over the smallest, after x / std",
        AtMost(1.01, in_part=2),
        "variances.png",
        lambda findings: _unevenness(findings, "divided_by_std"),
        ("after min-max scaling", lambda findings: _unevenness(findings, "min_max")),
    ),
)
