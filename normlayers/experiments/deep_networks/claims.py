"""What articles A1 and A3 claim of batch normalization in deep networks, and their rules.

Cases are networks, or pairs of networks that start with the same kernels; they are pooled over
arms, equally many of each. If arms were independent, a pooled interval would be wider than need be;
but networks of one number have their kernels in common in all arms of a depth, so that an interval
is that of these activations, depths and this split of these data, and no wider.

A network that does not reach the target loss counts as slower than any that does, and two that do
not as equally fast.

Batch normalization keeps gradients from vanishing, but makes them grow with depth itself, at
initialization: Yang et al. (2019), "A Mean Field Theory of Batch Normalization", derive by what
factor a layer.
"""

from __future__ import annotations

import numpy as np

from normlayers.experiments.claims.claim import Claim
from normlayers.experiments.claims.evidence import Evidence, share
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


def _less(found: Findings, measure: str, normalization: str, where: list[Cell]) -> Evidence:
    """Of pairs, the share in which a measure is less with than without normalization."""
    return share(found.of(measure, normalization, where) < found.of(measure, "none", where))


def _generalizes(found: Findings) -> Evidence:
    return share(found.of("accuracy", "bn-post", cells()) > found.of("accuracy", "none", cells()))


def _even_gradients(found: Findings) -> Evidence:
    deep = cells(depths=[DEEP])
    return share(np.stack([is_near(found.of("first_to_last", bn, deep)) for bn in PLACED]))


def _gradients_kept(found: Findings) -> Evidence:
    lost = ~is_near(depth_ratio(found, "none"))
    return share(np.stack([is_near(depth_ratio(found, bn))[lost] for bn in PLACED]))


def _learned_better(found: Findings, measure: str, where: list[Cell]) -> Evidence:
    learned, fixed = (found.of(measure, "bn-pre", where, kept) for kept in (False, True))
    return share(learned < fixed)


def _both(found: Findings, measure: str) -> Evidence:
    """Of cases, the share in which both normalizations do better than the better of both alone."""
    sign = 1 if measure == "accuracy" else -1
    raw = cells(inputs=["raw"])
    alone = sign * found.of(measure, "none", STANDARDIZED)
    return share(
        np.stack(
            [
                sign * found.of(measure, bn, STANDARDIZED)
                > np.maximum(alone, sign * found.of(measure, bn, raw))
                for bn in PLACED
            ]
        )
    )


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
        "A1.3",
        "Batch normalization after each activation speeds convergence and improves generalization.",
        "share of pairs in which the network with batch normalization after the activations "
        f"reaches the target loss sooner. Pairs are of {POOLED}",
        MOSTLY,
        "convergence.png",
        lambda found: _less(found, "epochs", "bn-post", cells()),
        (
            "share of pairs in which batch normalization ends with the higher validation accuracy",
            _generalizes,
        ),
    ),
    Claim(
        "A1.4",
        "Batch normalization prevents exploding and vanishing gradients in deep networks.",
        f"share of batch-normalized networks of {DEEP} hidden layers whose first layer's gradient "
        f"norm is within {FAR:g} times the last one's. It is that of the first step, before or "
        "after the activation, of all activations and inputs",
        MOSTLY,
        "gradients.png",
        _even_gradients,
        (
            f"share of gradients changed {FAR:g}-fold by depth ({DEEP} against {SHALLOW} layers) "
            "that batch normalization keeps within that",
            _gradients_kept,
        ),
    ),
    Claim(
        "A1.5",
        "Gamma and beta give back the freedom that the normalization takes.",
        "share of pairs in which the network that learns gamma and beta ends with the lower "
        "training loss. The other one keeps them at 1 and 0. Batch normalization comes before the "
        f"activation: sigmoid of all depths, ReLU and tanh of {SHALLOW} layers, all inputs",
        MOSTLY,
        "rescale.png",
        lambda found: _learned_better(found, "loss", fixed_cells()),
        (
            "share of neurons restored by gamma = sqrt(variance + epsilon) and beta = mean",
            lambda found: share(found.undone < ROUNDING),
        ),
    ),
    Claim(
        "A1.6",
        "Input normalization and batch normalization together do better than either.",
        "share of cases in which standardized inputs with batch normalization lead to a higher "
        "validation accuracy than the better of both alone. Cases are of all activations and "
        "depths, before or after the activation",
        MOSTLY,
        "accuracy.png",
        lambda found: _both(found, "accuracy"),
        ("by fewer epochs to the target loss", lambda found: _both(found, "epochs")),
    ),
    Claim(
        "A3.4",
        "Normalizing hidden layers makes training easier too; before or after the activation is "
        "debated.",
        "share of pairs in which the network with batch normalization before the activations "
        "reaches the target loss sooner. Pairs are of standardized inputs, all activations and "
        "depths",
        MOSTLY,
        "convergence.png",
        lambda found: _less(found, "epochs", "bn-pre", STANDARDIZED),
        (
            "batch normalization after the activations",
            lambda found: _less(found, "epochs", "bn-post", STANDARDIZED),
        ),
    ),
    Claim(
        "A3.5",
        "Unit-variance inputs serve a sigmoid badly unless gamma and beta may undo them.",
        "share of pairs in which the network that learns gamma and beta ends with the lower "
        "training loss. The other one keeps them at 1 and 0. Batch normalization comes before the "
        "sigmoid, at all depths and inputs",
        MOSTLY,
        "rescale.png",
        lambda found: _learned_better(found, "loss", _sigmoids()),
        (
            "share of pairs in which learned gamma and beta reach the target loss sooner",
            lambda found: _learned_better(found, "epochs", _sigmoids()),
        ),
    ),
    Claim(
        "A3.6",
        "A batch-normalized layer needs no bias.",
        f"share of networks whose logits no random biases move by {ROUNDING:g} or more in "
        "training mode. Batch normalization comes before the activations, of all kinds",
        MOSTLY,
        "idle_bias.png",
        _idle,
    ),
    Claim(
        "A3.7",
        "Batch normalization makes weights robust against covariate shift.",
        "share of pairs in which the distribution of layers' inputs drifts less per epoch with "
        f"batch normalization before the activations. Pairs are of {POOLED}. By the change of "
        "gradients instead, Santurkar et al. (2018) found no less shift",
        MOSTLY,
        "drift.png",
        lambda found: _less(found, "drift", "bn-pre", cells()),
        (
            "batch normalization after the activations",
            lambda found: _less(found, "drift", "bn-post", cells()),
        ),
    ),
    Claim(
        "A3.8",
        "Batch normalization allows deeper networks without exponentially longer training.",
        f"share of batch-normalized networks of {DEEP} hidden layers that reach the target loss "
        f"in time. In time is in at most {LINEAR:g} times the epochs of {SHALLOW} layers. They "
        "are of all activations and inputs, before or after the activation",
        MOSTLY,
        "convergence.png",
        _deep_in_time,
        (
            "counting as in time networks whose training ended before that time",
            _deep_maybe_in_time,
        ),
    ),
)
