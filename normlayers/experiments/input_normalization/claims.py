"""Article A0's claims and A1.1, and their rules.

Findings are measures by arm: ``findings[arm][measure]`` has one value per network; see
``arms.measured``. Networks are compared in pairs: those with the same number have the same initial
kernels and the same split of the same data, without ``Standardize`` and with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.claim import Claim, OtherReading
from normlayers.experiments.claims.evidence import (
    Evidence,
    difference,
    mean,
    probability_of_improvement,
    share,
)
from normlayers.experiments.claims.rules import AtLeast
from normlayers.experiments.input_normalization.arms import ACTIVATIONS, SATURATING
from normlayers.experiments.input_normalization.data import OF_DIFFERENT_SCALES, points

Array = npt.NDArray[Any]
Findings = Mapping[str, Mapping[str, Array]]

# The measures of networks that are not trained, for which a claim needs no more.
UNTRAINED = "scaled-relu-raw"
# Norms of a kernel's gradient that are neither vanishing nor exploding.
IN_BOUNDS = (0.01, 100)
# The largest ratio of two gradients that still are of similar size.
SIMILAR = 10


def pairs(
    findings: Findings,
    compare: Callable[[Mapping[str, Array], Mapping[str, Array]], Array],
    data: Sequence[str] = OF_DIFFERENT_SCALES,
    activations: Sequence[str] = tuple(ACTIVATIONS),
) -> Array:
    """A comparison of networks without and with ``Standardize``, over several arms in one array.

    Raises:
        ArmNotRunError: one of the arms was not run.
    """
    return np.concatenate(
        [
            compare(findings[f"{d}-{a}-raw"], findings[f"{d}-{a}-standardized"])
            for d in data
            for a in activations
        ]
    )


def _improves(
    findings: Findings,
    measure: Callable[[Mapping[str, Array]], Array],
    data: Sequence[str] = OF_DIFFERENT_SCALES,
) -> Evidence:
    """By ``Standardize`` over raw inputs, in a measure of which less is better."""
    return probability_of_improvement(
        pairs(findings, lambda raw, _: measure(raw), data),
        pairs(findings, lambda _, standardized: measure(standardized), data),
    )


def _unsteadiness(found: Mapping[str, Array]) -> Array:
    return np.where(found["diverged"], np.inf, found["unsteadiness"])


def _epochs(found: Mapping[str, Array]) -> Array:
    return found["epochs_to_target"]


def _more_accurate_by(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
    return standardized["validation_accuracy"] - raw["validation_accuracy"]


def share_of_largest(feature_gradients: Array, scales: Array) -> Array:
    """The share of the squared gradient that belongs to the feature of the largest scale.

    NaN of a network without a gradient, as one whose neurons are all dead.
    """
    squares = feature_gradients.astype(float) ** 2
    total = squares.sum(axis=1)
    return np.divide(
        squares[:, np.argmax(scales)], total, out=np.full(len(total), np.nan), where=total > 0
    )


def _dominance(findings: Findings) -> Evidence:
    return mean(
        np.concatenate(
            [
                share_of_largest(
                    findings[f"{data}-{activation}-raw"]["feature_gradients"],
                    points(data)[0].std(axis=0),
                )
                for data in OF_DIFFERENT_SCALES
                for activation in ACTIVATIONS
            ]
        )
    )


def in_bounds(found: Mapping[str, Array]) -> Array:
    """Which networks have gradients within ``IN_BOUNDS`` at the first step, in both layers."""
    low, high = IN_BOUNDS
    norms = np.stack([found["hidden_gradient"], found["output_gradient"]])
    return np.all((norms >= low) & (norms <= high), axis=0)


def unevenness(feature_gradients: Array) -> Array:
    """The largest feature's gradient over the smallest feature's; shape ``(networks,)``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return feature_gradients.max(axis=1) / feature_gradients.min(axis=1)


def _not_selective(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
    return 1 - raw["selective_start"]


def _revived(findings: Findings) -> Evidence:
    leaky = ("leaky-relu", "prelu")
    return difference(
        pairs(findings, lambda raw, _: raw["revived"], activations=leaky),
        pairs(findings, lambda raw, _: raw["revived"], activations=("relu",)),
    )


def _saturation(when: str) -> Callable[[Findings], Evidence]:
    def more(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
        return raw[f"saturated_{when}"] - standardized[f"saturated_{when}"]

    return lambda findings: mean(pairs(findings, more, activations=SATURATING))


ON_ARTICLES_DATA = "on the article's own data, whose features' scales hardly differ"

CLAIMS = (
    Claim(
        id="A0.1",
        measure=(
            "probability of improvement by normalization, in how steadily the loss falls: the "
            "share of its total variation that leads upward. Pairs of networks are of rescaled, "
            "wine and cancer data and of five activations"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="losses.png",
        evidence=lambda findings: _improves(findings, _unsteadiness),
        other_reading=OtherReading(
            measure=ON_ARTICLES_DATA,
            evidence=lambda findings: _improves(findings, _unsteadiness, ("article",)),
        ),
    ),
    Claim(
        id="A0.2",
        measure=(
            "probability of improvement by normalization, in epochs until the loss is half of that "
            "of guessing"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="measures.png",
        evidence=lambda findings: _improves(findings, _epochs),
        other_reading=OtherReading(
            measure=ON_ARTICLES_DATA,
            evidence=lambda findings: _improves(findings, _epochs, ("article",)),
        ),
    ),
    Claim(
        id="A0.3",
        measure="mean difference of the validation accuracy, with normalization minus without",
        rule=AtLeast(0.01, in_part=0.001),
        figure="measures.png",
        evidence=lambda findings: mean(pairs(findings, _more_accurate_by)),
        other_reading=OtherReading(
            measure=ON_ARTICLES_DATA,
            evidence=lambda findings: mean(pairs(findings, _more_accurate_by, ("article",))),
        ),
    ),
    Claim(
        id="A0.4",
        measure=(
            "share of the first layer's squared gradient that belongs to the feature of the "
            "largest scale, without normalization. It is that of the first step, of 13 to 30 "
            "features"
        ),
        rule=AtLeast(0.5, in_part=0.25),
        figure="features.png",
        evidence=_dominance,
    ),
    Claim(
        id="A0.5",
        measure=(
            "share of pairs in which a kernel's gradient norm is out of bounds without "
            "normalization, and none is with it. Bounds are 0.01 and 100, at the first step"
        ),
        rule=AtLeast(0.9, in_part=0.1),
        figure="gradients.png",
        evidence=lambda findings: share(pairs(findings, lambda r, s: ~in_bounds(r) & in_bounds(s))),
        other_reading=OtherReading(
            measure=ON_ARTICLES_DATA,
            evidence=lambda findings: share(
                pairs(findings, lambda r, s: ~in_bounds(r) & in_bounds(s), ("article",))
            ),
        ),
    ),
    Claim(
        id="A0.6",
        measure=(
            "share of the hidden ReLU neurons that are dead or always on at the start, without "
            "normalization"
        ),
        rule=AtLeast(0.5, in_part=0.1),
        figure="neurons.png",
        evidence=lambda findings: mean(pairs(findings, _not_selective, activations=("relu",))),
        other_reading=OtherReading(
            measure="with large variance alone, the six decades not shifted",
            evidence=lambda findings: mean(1 - findings[UNTRAINED]["selective_start"]),
        ),
    ),
    Claim(
        id="A0.7",
        measure=(
            "of the neurons dead at the start without normalization, the share that are not at the "
            "end. It is that of Leaky ReLU and PReLU minus that of ReLU"
        ),
        rule=AtLeast(0.1, in_part=0.01),
        figure="neurons.png",
        evidence=_revived,
    ),
    Claim(
        id="A0.8",
        measure=(
            "share of (hidden neuron, point) pairs whose derivative is under 0.01 at the start, "
            "without normalization minus with it"
        ),
        rule=AtLeast(0.5, in_part=0.1),
        figure="saturation.png",
        evidence=_saturation("start"),
        other_reading=OtherReading(
            measure="after training",
            evidence=_saturation("end"),
        ),
    ),
    Claim(
        id="A1.1",
        measure=(
            "share of networks with normalization whose largest feature gradient is at most 10 "
            "times the smallest at the first step"
        ),
        rule=AtLeast(0.9, in_part=0.5),
        figure="features.png",
        evidence=lambda findings: share(
            pairs(findings, lambda _, s: unevenness(s["feature_gradients"]) <= SIMILAR)
        ),
        other_reading=OtherReading(
            measure="probability of improvement by normalization, in that ratio",
            evidence=lambda findings: _improves(
                findings, lambda found: unevenness(found["feature_gradients"])
            ),
        ),
    ),
)
