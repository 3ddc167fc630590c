"""The pictures of deep networks: which measures of which arms are drawn how.

- ``convergence.png``, ``convergence_raw.png``: the training loss over the epochs;
- ``gradients.png``: the gradient's norm layer by layer, at the first step of the deepest networks;
- ``accuracy.png``: the validation accuracy at the end;
- ``rescale.png``: the training loss at the end, with gamma and beta learned and fixed;
- ``drift.png``: how far the distribution of layers' inputs moves in each epoch;
- ``idle_bias.png``: how far random biases move the logits of batch-normalized networks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.experiments.claims.findings import ArmNotRunError
from normlayers.experiments.claims.summaries import (
    middle_half,
    quantiles,
    quantiles_and_left_out,
)
from normlayers.experiments.deep_networks.arms import (
    ACTIVATIONS,
    DEEP,
    DEPTHS,
    INPUTS,
    NORMALIZATIONS,
    Arm,
    fixed_cells,
)
from normlayers.experiments.deep_networks.identities import HIDDEN, NETWORKS
from normlayers.experiments.deep_networks.measures import MEASURES, TARGET_LOSS, Findings
from normlayers.experiments.plots.band_grid import Lines, band_grid
from normlayers.experiments.plots.interval_dots import Spread, interval_dots
from normlayers.experiments.plots.violins import Sample, violins

Array = npt.NDArray[Any]

LABELS = {"none": "no batch normalization", "bn-pre": "before activation",
          "bn-post": "after activation"}  # fmt: skip
TITLES = {"relu": "ReLU", "sigmoid": "sigmoid", "tanh": "tanh"}
BANDS = "medians, and the middle 50 % of"


def pictures(found: Findings) -> dict[str, Figure]:
    """Those of ``PICTURES`` whose arms were all run, by file name."""
    count = len(next(iter(next(iter(found.arms.values())).values())))
    drawn = {}
    for name, draw in _DRAWN.items():
        try:
            drawn[name] = draw(found, f"{count:,} networks")
        except ArmNotRunError:
            continue
    return drawn


def captions(
    drawn: Collection[str], networks: int, comparisons: Mapping[str, Mapping[str, float | None]]
) -> list[dict[str, str]]:
    """results.json's ``figures``.

    Args:
        drawn: those of ``PICTURES`` that were drawn.
        networks: how many each arm has.
        comparisons: of results.json's ``measures``.
    """
    each = f"{networks:,} networks each"
    of_loss = (
        "Training loss on the digits over the epochs, without batch normalization and with it "
        "before or after each activation; the dotted line is the target loss, half of guessing's."
    )
    in_time = _by_normalization(
        "of 20 layers are known to reach it in 10 times the epochs of 2",
        comparisons["deep_in_time"],
    )
    even = _by_normalization(
        "have in the first layer a gradient within 100 times the last hidden layer's",
        comparisons["even_gradients"],
    )
    texts = {
        "convergence.png": f"{of_loss} Standardized inputs; medians and the middle 50 % of "
        f"{each}.{in_time}",
        "convergence_raw.png": f"{of_loss} Raw inputs; medians and the middle 50 % of {each}.",
        "gradients.png": "Norm of the loss's gradient by each layer's weights in networks of "
        f"{DEEP} hidden layers, at the first step of training; the layer after them gives the "
        "logits. That batch normalization makes them grow with depth is what Yang et al. (2019) "
        f"derive. Medians and the middle 50 % of {each}.{even}",
        "accuracy.png": "Accuracy on the 389 validation images after training, by what is "
        f"normalized. Marks are medians, bars hold the middle 50 % and 90 % of {each}.",
        "rescale.png": "Training loss in the end of networks with batch normalization before the "
        "activation that learn gamma and beta, and of those that keep them at 1 and 0. Marks are "
        f"medians, bars hold the middle 50 % and 90 % of {each}.",
        "drift.png": "How far an epoch moves the distribution of what layers are given, in "
        "standard deviations, mean over the layers; standardized inputs, medians and the middle "
        f"50 % of {each}. By the change of gradients instead, Santurkar et al. (2018) found that "
        "batch normalization does not lessen the shift.",
        "idle_bias.png": "How far random biases move the logits of networks with batch "
        "normalization before and after their activations. Before them the biases are taken away "
        f"again, but for rounding; after them they are not. {NETWORKS} networks each.",
    }
    return [{"file": file, "caption": texts[file]} for file in texts if file in drawn]


def _by_normalization(what: str, shares: Mapping[str, float | None]) -> str:
    """A sentence of the shares of networks of which something is true; empty if one is unknown."""
    if None in shares.values():
        return ""
    none, before, after = (f"{100 * (shares[name] or 0):.0f} %" for name in LABELS)
    return (
        f" Over all activations and inputs {none} of the networks without batch normalization "
        f"{what}, {before} with it before and {after} after the activation."
    )


def _lines(
    found: Findings, of: Callable[[Mapping[str, Array]], Array], cell: tuple[str, str, int]
) -> Lines:
    """A line per normalization: quartiles of a measure of shape ``(networks, places)``."""
    activation, inputs, depth = cell
    return {
        label: middle_half(of(found.arms[Arm(activation, normalization, inputs, depth).name]))
        for normalization, label in LABELS.items()
    }


def _over_depths(
    found: Findings, inputs: str, of: Callable[[Mapping[str, Array]], Array]
) -> dict[str, dict[str, Lines]]:
    return {
        TITLES[activation]: {
            f"{depth} layers": _lines(found, of, (activation, inputs, depth)) for depth in DEPTHS
        }
        for activation in ACTIVATIONS
    }


def _convergence(found: Findings, each: str, inputs: str) -> Figure:
    return band_grid(
        _over_depths(found, inputs, lambda arm: arm["loss"]),
        ("epoch", "training loss (nats)"),
        f"Training loss on digits, {inputs} inputs, by where batch normalization stands\n"
        f"{BANDS} {each} a line",
        levels=("target loss", dict.fromkeys(TITLES.values(), TARGET_LOSS)),
    )


def _gradients(found: Findings, each: str) -> Figure:
    rows = {
        f"{inputs} inputs": {
            TITLES[activation]: _lines(
                found, lambda arm: arm["first_gradient_norms"], (activation, inputs, DEEP)
            )
            for activation in ACTIVATIONS
        }
        for inputs in INPUTS
    }
    return band_grid(
        rows,
        (f"layer ({DEEP + 1}: logits)", "norm of the gradient\n(nats per unit of weight)"),
        f"Gradients at the first step, {DEEP} hidden layers, by where batch normalization stands\n"
        f"{BANDS} {each} a line",
        log=True,
    )


def _drift(found: Findings, each: str) -> Figure:
    return band_grid(
        _over_depths(found, "standardized", lambda arm: arm["drift"].mean(axis=2)),
        ("epoch", "drift in an epoch\n(standard deviations)"),
        "How far the distribution of layers' inputs moves, by where batch normalization stands\n"
        f"standardized inputs; {BANDS} {each} a line",
        log=True,
    )


def _accuracy(found: Findings, each: str) -> Figure:
    def spread(activation: str, normalization: str, inputs: str, depth: int) -> Spread:
        networks = found.arms[Arm(activation, normalization, inputs, depth).name]
        return quantiles_and_left_out(MEASURES["accuracy"](networks))

    return _dots(
        "validation accuracy",
        lambda activation, inputs: {
            LABELS[n]: [spread(activation, n, inputs, depth) for depth in DEPTHS]
            for n in NORMALIZATIONS
        },
        f"Accuracy on digits, by where batch normalization stands\n{each} a mark",
    )


def _rescale(found: Findings, each: str) -> Figure:
    def spread(activation: str, inputs: str, depth: int, fixed: bool) -> Spread:
        if (activation, inputs, depth) not in fixed_cells():
            return quantiles_and_left_out(np.empty(0))
        networks = found.arms[Arm(activation, "bn-pre", inputs, depth, fixed).name]
        return quantiles_and_left_out(MEASURES["loss"](networks))

    return _dots(
        "final loss (nats)",
        lambda activation, inputs: {
            label: [spread(activation, inputs, depth, fixed) for depth in DEPTHS]
            for label, fixed in (("gamma, beta learned", False), ("gamma 1, beta 0", True))
        },
        "What gamma and beta are good for, batch normalization before the activation\n"
        f"{each} a mark",
    )


def _dots(measure: str, of: Callable[[str, str], Mapping[str, list[Spread]]], title: str) -> Figure:
    """A row per input, a column per activation; ``of`` returns, by variant, a spread per depth."""
    rows = {
        f"{inputs} inputs\n{measure}": {TITLES[a]: of(a, inputs) for a in ACTIVATIONS}
        for inputs in INPUTS
    }
    depths = [str(depth) for depth in DEPTHS]
    return interval_dots(rows, depths, f"{title}, the middle 50 % and 90 %", "hidden layers")


def _idle_bias(found: Findings, each: str) -> Figure:
    panels = {
        f"{label.split()[0]} the activation": {
            TITLES[a]: _log10_and_median(moved)
            for a, moved in found.moved_by_biases[placement].items()
        }
        for placement, label in (("pre", LABELS["bn-pre"]), ("post", LABELS["bn-post"]))
    }
    return violins(
        panels,
        "largest change of a logit (log10)",
        f"Random biases under batch normalization\n{NETWORKS} networks each, {HIDDEN} layers",
    )


def _log10_and_median(moved: Array) -> Sample:
    # 0 has no logarithm.
    values = np.log10(np.maximum(moved[np.isfinite(moved)], 1e-9))
    return values, float(quantiles(values, 0.5))


_DRAWN: dict[str, Callable[[Findings, str], Figure]] = {
    "convergence.png": lambda found, each: _convergence(found, each, "standardized"),
    "convergence_raw.png": lambda found, each: _convergence(found, each, "raw"),
    "gradients.png": _gradients,
    "accuracy.png": _accuracy,
    "rescale.png": _rescale,
    "drift.png": _drift,
    "idle_bias.png": _idle_bias,
}
PICTURES = tuple(_DRAWN)
