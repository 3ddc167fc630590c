"""What articles A1 and A3 claim about batch normalization in deep networks, and the rules.

Cases are networks, or pairs of networks that start with the same kernels; they are pooled over
arms, the same number from each. Networks with the same number have the same kernels in all arms of
one depth, so cases are not independent: an interval describes these activations, depths and this
split of these data, and does not generalize beyond them.

A network that does not reach the target loss is slower than any that does; two that do not are a
tie.

Batch normalization keeps gradients from vanishing, but itself makes them grow with depth at
initialization: Yang et al. (2019), "A Mean Field Theory of Batch Normalization", derive the factor
per layer.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.claims.claim import Claim, OtherReading
from normlayers.experiments.claims.evidence import Evidence, probability_of_improvement, share
from normlayers.experiments.claims.rules import AtLeast
from normlayers.experiments.deep_networks.arms import DEEP, DEPTHS, INPUTS, SHALLOW, fixed_cells
from normlayers.experiments.deep_networks.identities import ROUNDING
from normlayers.experiments.deep_networks.measures import (
    FAR,
    LINEAR,
    Cell,
    Findings,
    cells,
    deep_in_time,
    deep_untold,
    depth_ratio,
    is_near,
)

PLACED = ("bn-pre", "bn-post")
STANDARDIZED = cells(inputs=["standardized"])
MOSTLY = AtLeast(0.9, in_part=0.5)
POOLED = "all activations, depths and inputs"


def _improves(found: Findings, measure: str, normalization: str, where: list[Cell]) -> Evidence:
    """By a normalization over none, in a measure of which less is better."""
    return probability_of_improvement(
        found.of(measure, "none", where), found.of(measure, normalization, where)
    )


def _generalizes(found: Findings) -> Evidence:
    return probability_of_improvement(
        found.of("accuracy", "bn-post", cells()), found.of("accuracy", "none", cells())
    )


def _even_gradients(found: Findings) -> Evidence:
    deep = cells(depths=[DEEP])
    return share(np.stack([is_near(found.of("first_to_last", bn, deep)) for bn in PLACED]))


def _gradients_kept(found: Findings) -> Evidence:
    lost = ~is_near(depth_ratio(found, "none"))
    return share(np.stack([is_near(depth_ratio(found, bn))[lost] for bn in PLACED]))


def _learned_better(found: Findings, measure: str, where: list[Cell]) -> Evidence:
    learned, fixed = (found.of(measure, "bn-pre", where, kept) for kept in (False, True))
    return probability_of_improvement(fixed, learned)


def _both(found: Findings, measure: str) -> Evidence:
    """By both normalizations together, over the better of the two alone."""
    sign = 1 if measure == "accuracy" else -1
    raw = cells(inputs=["raw"])
    alone = sign * found.of(measure, "none", STANDARDIZED)
    both = [sign * found.of(measure, bn, STANDARDIZED) for bn in PLACED]
    one = [np.maximum(alone, sign * found.of(measure, bn, raw)) for bn in PLACED]
    return probability_of_improvement(np.stack(both), np.stack(one))


def _idle(found: Findings) -> Evidence:
    return share(np.concatenate(list(found.moved_by_biases["pre"].values())) < ROUNDING)


def _deep_in_time(found: Findings) -> Evidence:
    return share(np.stack([deep_in_time(found, bn) for bn in PLACED]))


def _deep_maybe_in_time(found: Findings) -> Evidence:
    return share(np.stack([deep_in_time(found, bn) | deep_untold(found, bn) for bn in PLACED]))


def _sigmoids() -> list[Cell]:
    return cells(["sigmoid"], INPUTS, DEPTHS)


CLAIMS = (
    Claim(
        id="A1.3",
        measure=(
            "probability of improvement by batch normalization after the activations, in epochs to "
            f"the target loss. Pairs of networks are of {POOLED}"
        ),
        rule=MOSTLY,
        figure="convergence.png",
        evidence=lambda found: _improves(found, "epochs", "bn-post", cells()),
        other_reading=OtherReading(
            measure="probability of improvement in validation accuracy",
            evidence=_generalizes,
        ),
    ),
    Claim(
        id="A1.4",
        measure=(
            f"share of batch-normalized networks of {DEEP} hidden layers whose first layer's "
            f"gradient norm is within {FAR:g} times the last one's. It is that of the first step, "
            "before or after the activation, of all activations and inputs"
        ),
        rule=MOSTLY,
        figure="gradients.png",
        evidence=_even_gradients,
        other_reading=OtherReading(
            measure=(
                f"share of gradients changed {FAR:g}-fold by depth ({DEEP} against {SHALLOW} "
                "layers) that batch normalization keeps within that"
            ),
            evidence=_gradients_kept,
        ),
    ),
    Claim(
        id="A1.5",
        measure=(
            "probability of improvement by learning gamma and beta over keeping them at 1 and 0, "
            "in the final training loss. Batch normalization comes before the activation: sigmoid "
            f"of all depths, ReLU and tanh of {SHALLOW} layers, all inputs"
        ),
        rule=MOSTLY,
        figure="rescale.png",
        evidence=lambda found: _learned_better(found, "loss", fixed_cells()),
        other_reading=OtherReading(
            measure="share of neurons restored by gamma = sqrt(variance + epsilon) and beta = mean",
            evidence=lambda found: share(found.undone < ROUNDING),
        ),
    ),
    Claim(
        id="A1.6",
        measure=(
            "probability of improvement by standardized inputs with batch normalization over the "
            "better of the two alone, in validation accuracy. Networks are of all activations and "
            "depths, with batch normalization before or after the activation"
        ),
        rule=MOSTLY,
        figure="accuracy.png",
        evidence=lambda found: _both(found, "accuracy"),
        other_reading=OtherReading(
            measure="in epochs to the target loss",
            evidence=lambda found: _both(found, "epochs"),
        ),
    ),
    Claim(
        id="A3.4",
        measure=(
            "probability of improvement by batch normalization before the activations, in epochs "
            "to the target loss. Pairs of networks are of standardized inputs, all activations and "
            "depths"
        ),
        rule=MOSTLY,
        figure="convergence.png",
        evidence=lambda found: _improves(found, "epochs", "bn-pre", STANDARDIZED),
        other_reading=OtherReading(
            measure="batch normalization after the activations",
            evidence=lambda found: _improves(found, "epochs", "bn-post", STANDARDIZED),
        ),
    ),
    Claim(
        id="A3.5",
        measure=(
            "probability of improvement by learning gamma and beta over keeping them at 1 and 0, "
            "in the final training loss. Batch normalization comes before the sigmoid, at all "
            "depths and inputs"
        ),
        rule=MOSTLY,
        figure="rescale.png",
        evidence=lambda found: _learned_better(found, "loss", _sigmoids()),
        other_reading=OtherReading(
            measure="probability of improvement in epochs to the target loss",
            evidence=lambda found: _learned_better(found, "epochs", _sigmoids()),
        ),
    ),
    Claim(
        id="A3.6",
        measure=(
            f"share of networks whose logits random biases change by less than {ROUNDING:g} in "
            "training mode. Batch normalization comes before the activations, of all kinds"
        ),
        rule=MOSTLY,
        figure="idle_bias.png",
        evidence=_idle,
    ),
    Claim(
        id="A3.7",
        measure=(
            "probability of improvement by batch normalization before the activations: less drift "
            f"per epoch of the distribution of layers' inputs. Pairs of networks are of {POOLED}. "
            "By the change of gradients instead, Santurkar et al. (2018) measured no less shift"
        ),
        rule=MOSTLY,
        figure="drift.png",
        evidence=lambda found: _improves(found, "drift", "bn-pre", cells()),
        other_reading=OtherReading(
            measure="batch normalization after the activations",
            evidence=lambda found: _improves(found, "drift", "bn-post", cells()),
        ),
    ),
    Claim(
        id="A3.8",
        measure=(
            f"share of batch-normalized networks of {DEEP} hidden layers that reach the target "
            f"loss in time. In time is in at most {LINEAR:g} times the epochs of {SHALLOW} layers. "
            "They are of all activations and inputs, before or after the activation"
        ),
        rule=MOSTLY,
        figure="convergence.png",
        evidence=_deep_in_time,
        other_reading=OtherReading(
            measure="counting as in time networks whose training ended before that time",
            evidence=_deep_maybe_in_time,
        ),
    ),
)
