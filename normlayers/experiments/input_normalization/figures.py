"""Pictures of what standardizing the inputs does, of findings as ``claims`` takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from normlayers.experiments.input_normalization.arms import ACTIVATIONS, INPUTS, NEURONS, SATURATING
from normlayers.experiments.input_normalization.claims import IN_BOUNDS
from normlayers.experiments.input_normalization.data import DATA, points
from normlayers.experiments.input_normalization.plots.feature_gradients import feature_gradients
from normlayers.experiments.input_normalization.plots.state_bars import state_bars
from normlayers.experiments.plots.band_grid import band_grid
from normlayers.experiments.plots.interval_dots import interval_dots

Array = npt.NDArray[Any]
Findings = Mapping[str, Mapping[str, Array]]

RECTIFIERS = tuple(name for name in ACTIVATIONS if name not in SATURATING)

CAPTIONS = {
    "losses.png": "Training loss over the epochs, on raw inputs and on standardized ones: medians, "
    "and the middle 50 % of {networks} networks an arm. The dotted line is half of a guess's loss.",
    "measures.png": "Epochs to half of a guess's loss, the share of the loss's way that leads "
    "upward, and the validation accuracy in the end: medians and the middle 50 % and 90 % of "
    "{networks} networks an arm. Hollow: the median network never came to that loss.",
    "gradients.png": "Norm of the loss's gradient with respect to each layer's kernel, at the very "
    "first step and its largest over the epochs: medians, the middle 50 % and 90 % of {networks} "
    "networks an arm. Dotted: the bounds outside of which it counts as vanishing or exploding.",
    "neurons.png": "Hidden neurons that are active on all, part and none of the training points, "
    "before training (start) and after it (end), on raw and on standardized inputs; means of "
    "{networks} networks an arm.",
    "saturation.png": "Share of the (hidden neuron, point) pairs in which the activation's "
    "derivative is under 0.01, before training and after it: medians, the middle 50 % and 90 % of "
    "{networks} networks an arm.",
    "features.png": "Each feature's part of the first layer's gradient at the first step, as a "
    "share of the largest, over the feature's scale: medians of {networks} ReLU networks an arm. "
    "On raw inputs the gradient grows with the scale; on standardized ones it does not.",
}
FIGURES = tuple(CAPTIONS)


def caption(file: str, networks: int) -> str:
    """The caption of a figure, with the number of networks per arm."""
    return CAPTIONS[file].format(networks=f"{networks:,}")


def figures(findings: Findings) -> dict[str, Figure]:
    """Those of ``FIGURES`` whose arms were all run, by file name."""
    found = {}
    for file, draw in _DRAWN.items():
        try:
            found[file] = draw(findings)
        except ArmNotRunError:
            continue
    return found


def _losses(findings: Findings) -> Figure:
    targets = {label: float(np.log(points(data)[1].max() + 1) / 2) for data, label in DATA.items()}
    return band_grid(
        {
            label: {
                activation: {
                    inputs: middle_half(findings[f"{data}-{activation}-{inputs}"]["loss"])
                    for inputs in INPUTS
                }
                for activation in ACTIVATIONS
            }
            for data, label in DATA.items()
        },
        ("epoch", "loss in nats"),
        _title("Training loss without and with standardized inputs", findings),
        log=True,
        levels=("target loss", targets),
    )


def _measures(findings: Findings) -> Figure:
    rows = {
        "epochs to target": "epochs_to_target",
        "share of way upward": "unsteadiness",
        "validation accuracy": "validation_accuracy",
    }
    return _dots(findings, rows, "Convergence and accuracy", tuple(ACTIVATIONS))


def _gradients(findings: Findings) -> Figure:
    rows = {
        "hidden layer,\nfirst step": "hidden_gradient",
        "output layer,\nfirst step": "output_gradient",
        "hidden layer,\nlargest": "hidden_gradient_largest",
    }
    return _dots(
        findings, rows, "Gradient norms of kernels (nats per unit of weight)", tuple(ACTIVATIONS),
        tuple(rows), IN_BOUNDS,
    )  # fmt: skip


def _saturation(findings: Findings) -> Figure:
    rows = {"saturated,\nstart": "saturated_start", "saturated,\nend": "saturated_end"}
    return _dots(findings, rows, "Saturation", SATURATING)


def _dots(
    findings: Findings,
    rows: Mapping[str, str],
    title: str,
    activations: tuple[str, ...],
    logarithmic: tuple[str, ...] = (),
    bounds: tuple[float, ...] = (),
) -> Figure:
    return interval_dots(
        {
            row: {
                label: {
                    inputs: [
                        quantiles_and_left_out(findings[f"{data}-{a}-{inputs}"][measure])
                        for a in activations
                    ]
                    for inputs in INPUTS
                }
                for data, label in DATA.items()
            }
            for row, measure in rows.items()
        },
        activations,
        _title(title, findings),
        logarithmic=logarithmic,
        bounds=bounds,
    )


def _neurons(findings: Findings) -> Figure:
    def shares(arm: str, when: str) -> Array:
        states = ("always_on", "selective", "dead")
        return np.array([findings[arm][f"{state}_{when}"].mean() for state in states])

    return state_bars(
        {
            activation: {
                label: {
                    f"{inputs}, {when}": shares(f"{data}-{activation}-{inputs}", when)
                    for inputs in INPUTS
                    for when in ("start", "end")
                }
                for data, label in DATA.items()
            }
            for activation in RECTIFIERS
        },
        _title("States of the hidden neurons", findings),
    )


def _features(findings: Findings) -> Figure:
    return feature_gradients(
        {
            label: (
                points(data)[0].std(axis=0),
                {
                    inputs: quantiles(
                        findings[f"{data}-relu-{inputs}"]["feature_gradients"], 0.5, axis=0
                    )
                    for inputs in INPUTS
                },
            )
            for data, label in DATA.items()
        },
        _title("Gradients of the features at the first step, ReLU", findings),
    )


def _title(what: str, findings: Findings) -> str:
    networks = len(next(iter(findings.values()))["loss"])
    return f"{what} ({networks:,} networks an arm, {NEURONS} hidden neurons)"


_DRAWN: dict[str, Callable[[Findings], Figure]] = {
    "losses.png": _losses,
    "measures.png": _measures,
    "gradients.png": _gradients,
    "neurons.png": _neurons,
    "saturation.png": _saturation,
    "features.png": _features,
}
