"""Article A0's claims, and A1.1, and the rules they are held to.

Findings are measures by arm: ``findings[arm][measure]`` has a value a network; see
``input_arms.measured``. Networks are compared in pairs: of the same number, with the same initial
kernels, on the same split of the same data, without ``Standardize`` and with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import Evidence, difference, mean, share
from normlayers.experiments.claims.rules import AtLeast
from normlayers.experiments.input_normalization.arms import ACTIVATIONS, SATURATING
from normlayers.experiments.input_normalization.data import OF_DIFFERENT_SCALES, points

Array = npt.NDArray[Any]
Findings = Mapping[str, Mapping[str, Array]]

# Norms of a kernel's gradient that are neither vanishing nor exploding.
IN_BOUNDS = (0.01, 100)
# Gradients so much larger than others are not similar any more.
SIMILAR = 10


def pairs(
    findings: Findings,
    compare: Callable[[Mapping[str, Array], Mapping[str, Array]], Array],
    data: Sequence[str] = OF_DIFFERENT_SCALES,
    activations: Sequence[str] = tuple(ACTIVATIONS),
) -> Array:
    """A comparison of networks without and with ``Standardize``, of several arms in one array."""
    return np.concatenate(
        [
            compare(findings[f"{d}-{a}-raw"], findings[f"{d}-{a}-standardized"])
            for d in data
            for a in activations
        ]
    )


def less_steady(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
    """Whose loss falls less steadily without; one that has diverged does."""
    return raw["diverged"] | (raw["unsteadiness"] > standardized["unsteadiness"])


def _slower(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
    return raw["epochs_to_target"] > standardized["epochs_to_target"]


def _more_accurate_by(raw: Mapping[str, Array], standardized: Mapping[str, Array]) -> Array:
    return standardized["validation_accuracy"] - raw["validation_accuracy"]


def share_of_largest(feature_gradients: Array, scales: Array) -> Array:
    """The share of the squared gradient that the feature of the largest scale has."""
    squares = feature_gradients.astype(float) ** 2
    return squares[:, np.argmax(scales)] / squares.sum(axis=1)


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
    """Which networks' gradients at the first step are in bounds, in both layers."""
    low, high = IN_BOUNDS
    norms = np.stack([found["hidden_gradient"], found["output_gradient"]])
    return np.all((norms >= low) & (norms <= high), axis=0)


def unevenness(feature_gradients: Array) -> Array:
    """How many times the largest feature's gradient is the smallest's; shape ``(networks,)``."""
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
        "A0.1",
        "Without normalization the loss falls unsteadily; with it, steadily.",
        "share of pairs of networks in which the loss goes upward for a larger share of its way "
        "without it. Pairs are of rescaled, wine and cancer data and of five activations",
        AtLeast(0.9, in_part=0.5),
        "losses.png",
        lambda findings: share(pairs(findings, less_steady)),
        (ON_ARTICLES_DATA, lambda findings: share(pairs(findings, less_steady, ("article",)))),
    ),
    Claim(
        "A0.2",
        "Normalization converges in fewer epochs.",
        "share of pairs in which the loss comes to half of a guess's in fewer epochs with it",
        AtLeast(0.9, in_part=0.5),
        "measures.png",
        lambda findings: share(pairs(findings, _slower)),
        (ON_ARTICLES_DATA, lambda findings: share(pairs(findings, _slower, ("article",)))),
    ),
    Claim(
        "A0.3",
        "Validation accuracy is higher with it.",
        "mean difference of the validation accuracy, with minus without",
        AtLeast(0.01, in_part=0.001),
        "measures.png",
        lambda findings: mean(pairs(findings, _more_accurate_by)),
        (ON_ARTICLES_DATA, lambda findings: mean(pairs(findings, _more_accurate_by, ("article",)))),
    ),
    Claim(
        "A0.4",
        "Features of larger scale dominate without it.",
        "share of the squared gradient of the first layer that the feature of the largest scale "
        "has without it. It is that of the first step, of 13 to 30 features",
        AtLeast(0.5, in_part=0.25),
        "features.png",
        _dominance,
    ),
    Claim(
        "A0.5",
        "Normalization prevents vanishing and exploding gradients.",
        "share of pairs in which a kernel's gradient norm is out of bounds without it, and none is "
        "with it. Bounds are 0.01 and 100, at the first step",
        AtLeast(0.9, in_part=0.1),
        "gradients.png",
        lambda findings: share(pairs(findings, lambda r, s: ~in_bounds(r) & in_bounds(s))),
        (
            ON_ARTICLES_DATA,
            lambda findings: share(
                pairs(findings, lambda r, s: ~in_bounds(r) & in_bounds(s), ("article",))
            ),
        ),
    ),
    Claim(
        "A0.6",
        "ReLU: unnormalized inputs of large variance leave neurons always active or always "
        "inactive.",
        "share of the hidden ReLU neurons that are dead or always on at the start without it",
        AtLeast(0.5, in_part=0.1),
        "neurons.png",
        lambda findings: mean(pairs(findings, _not_selective, activations=("relu",))),
        (
            "with large variance alone, the six decades not shifted",
            lambda findings: mean(1 - findings["scaled-relu-raw"]["selective_start"]),
        ),
    ),
    Claim(
        "A0.7",
        "Leaky ReLU and PReLU lessen the dying-ReLU problem.",
        "of the neurons dead at the start without it, the share that are not in the end. It is "
        "that of Leaky ReLU and PReLU minus that of ReLU",
        AtLeast(0.1, in_part=0.01),
        "neurons.png",
        _revived,
    ),
    Claim(
        "A0.8",
        "Sigmoid and tanh saturate on unnormalized inputs, gradients near zero; normalized they "
        "do not.",
        "share of (hidden neuron, point) pairs whose derivative is under 0.01 at the start, "
        "without it minus with it",
        AtLeast(0.5, in_part=0.1),
        "saturation.png",
        _saturation("start"),
        ("after training", _saturation("end")),
    ),
    Claim(
        "A1.1",
        "Features on one scale make gradients update all features at a similar rate.",
        "share of networks with it whose largest feature gradient is at most 10 times the smallest "
        "at the first step",
        AtLeast(0.9, in_part=0.5),
        "features.png",
        lambda findings: share(
            pairs(findings, lambda _, s: unevenness(s["feature_gradients"]) <= SIMILAR)
        ),
        (
            "share of pairs whose features' gradients are more alike with normalization than "
            "without",
            lambda findings: share(
                pairs(
                    findings,
                    lambda r, s: (
                        unevenness(s["feature_gradients"]) < unevenness(r["feature_gradients"])
                    ),
                )
            ),
        ),
    ),
)
