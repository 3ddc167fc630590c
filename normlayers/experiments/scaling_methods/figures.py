"""The figures of ``scaling_methods`` and their captions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.experiments.claims.evidence import mean
from normlayers.experiments.claims.summaries import quantiles
from normlayers.experiments.data.scalings import SCALINGS, scaled, scalings_of
from normlayers.experiments.plots.courses import courses
from normlayers.experiments.scaling_methods.claims import Findings, varying
from normlayers.experiments.scaling_methods.data import DATA_SETS
from normlayers.experiments.scaling_methods.float_precision import (
    FACTOR_EXPONENTS,
    OFFSET_EXPONENTS,
    POINTS,
    RoundingErrors,
)
from normlayers.experiments.scaling_methods.neighbours import NEIGHBOURS
from normlayers.experiments.scaling_methods.plots.densities import densities
from normlayers.experiments.scaling_methods.plots.feature_variances import feature_variances
from normlayers.experiments.scaling_methods.plots.loss_and_accuracy import Kind, loss_and_accuracy
from normlayers.experiments.scaling_methods.plots.rounding import rounding
from normlayers.experiments.scaling_methods.plots.split_accuracies import split_accuracies
from normlayers.experiments.scaling_methods.training import (
    ACTIVATIONS,
    CLASSES,
    EXPONENTS,
    SCALED_ARMS,
    TARGET_LOSS,
    arm_name,
)

Array = npt.NDArray[Any]

# Features of unequal spread, by their places.
SHOWN = {"digits": (42, 29, 14), "wine": (0, 4, 12)}


def figures(findings: Findings) -> dict[str, Figure]:
    """The pictures, by file name."""
    return {name: draw(findings) for name, draw in _DRAWN.items()}


def captions(findings: Findings) -> list[dict[str, str]]:
    """results.json's ``figures``."""
    networks, splits = _networks(findings), _splits(findings)
    found: RoundingErrors = findings["rounding"]
    each = f"{networks:,} networks each (64-16-10), 20 by 20 on another split."
    texts = {
        "distributions.png": "Three pixels of the 1,797 digits and three features of the 178 wines "
        "under each scaling, as histograms and kernel density estimates. x / std does not centre: "
        "only standardization gives every feature mean 0.",
        "variances.png": "The variance of every feature that varies, before and after scaling "
        f"({_counted(findings)}). Division by the standard deviation evens them all, min-max "
        "scaling does not.",
        "neighbours.png": f"Accuracy of {NEIGHBOURS} nearest neighbours on points that they have "
        f"not seen, over {splits:,} random splits of each data set. Best on wine: "
        f"{_best(findings, 'wine')}; on digits: {_best(findings, 'digits')}. Distances know no "
        "mean and no common factor, so x / std does as standardization and x / 16 as raw.",
        "networks.png": "ReLU networks on digits under each scaling: the loss as they train, bands "
        f"holding 90 % of the networks, and their accuracy in the end. {each}",
        "factors.png": "Networks on standardized digits multiplied by 0.0001 to 10,000: how many "
        "(neuron, point) pairs are saturated at the start, how steep the activations are, how much "
        "gradient reaches the first layer, what they learn and when. Means with 95 % intervals of "
        f"{each}",
        "precision.png": "What float32's rounding does to standardized values: an offset takes "
        "the digits that tell data apart, a factor none. Of "
        f"{POINTS:,} normal values; at an offset of 10,000,000 standard deviations the error is "
        f"{found.offset[7]:.2f} of one, unless the layer is given float64.",
    }
    return [{"file": file, "caption": texts[file]} for file in _DRAWN]


def _networks(findings: Findings) -> int:
    return len(findings[arm_name("relu", 0)]["accuracy"])


def _splits(findings: Findings) -> int:
    return len(findings["neighbours-wine"]["raw"])


def _best(findings: Findings, data: str) -> str:
    """Names of the scalings with the highest mean accuracy, to a tenth of a percent."""
    means = {s: round(float(np.mean(v)), 3) for s, v in findings[f"neighbours-{data}"].items()}
    return " and ".join(SCALINGS[s] for s, value in means.items() if value == max(means.values()))


def _counted(findings: Findings) -> str:
    """How many features vary, in words."""
    return ", ".join(
        f"{len(varying(by_scaling['raw']))} of {len(by_scaling['raw'])} of {name}"
        for name, by_scaling in findings["variances"].items()
    )


def _distributions(findings: Findings) -> Figure:
    panels = {}
    for name, load in DATA_SETS.items():
        data = load()
        panels[f"{name} ({len(data.x):,} points)"] = {
            SCALINGS[scaling]: {
                data.features[i]: points[:, i]
                for points in scaled(scaling, data.x)
                for i in SHOWN[name]
            }
            for scaling in scalings_of(data)
        }
    return densities(panels, "Three features of each data set, before and after scaling")


def _variances(findings: Findings) -> Figure:
    panels = {
        name: {SCALINGS[scaling]: varying(v) for scaling, v in by_scaling.items()}
        for name, by_scaling in findings["variances"].items()
    }
    title = f"Variance of every feature that varies: {_counted(findings)}"
    return feature_variances(panels, title)


def _neighbours(findings: Findings) -> Figure:
    panels = {
        name: {
            SCALINGS[s]: (values, float(np.mean(values)))
            for s, values in findings[f"neighbours-{name}"].items()
        }
        for name in DATA_SETS
    }
    title = f"{NEIGHBOURS} nearest neighbours, {_splits(findings):,} splits of each data set"
    return split_accuracies(panels, title)


def _scaled_networks(findings: Findings) -> Figure:
    kinds = {
        SCALINGS[scaling]: _loss_and_accuracy(findings[arm]) for scaling, arm in SCALED_ARMS.items()
    }
    return loss_and_accuracy(
        kinds,
        float(np.log(CLASSES)),
        f"Digits scaled, {_networks(findings):,} ReLU networks each (median, 5 to 95 %)",
    )


def _loss_and_accuracy(found: Mapping[str, Array]) -> Kind:
    accuracies = found["accuracy"][np.isfinite(found["accuracy"])]
    losses = quantiles(found["loss"], (0.05, 0.5, 0.95), axis=0)
    return losses, accuracies, float(quantiles(accuracies, 0.5))


def _factors(findings: Findings) -> Figure:
    epochs = findings[arm_name("relu", 0)]["loss"].shape[1]
    measured: dict[str, Callable[[str, int], Array]] = {
        "saturated pairs at the start (share)": lambda a, e: findings[arm_name(a, e)][
            "saturation_start"
        ],
        "mean derivative at the start / largest": lambda a, e: findings[arm_name(a, e)][
            "slope_start"
        ],
        "first layer's gradient / that at factor 1": lambda a, e: (
            findings[arm_name(a, e)]["gradient_start"] / findings[arm_name(a, 0)]["gradient_start"]
        ),
        "validation accuracy after training": lambda a, e: findings[arm_name(a, e)]["accuracy"],
        f"epochs to loss {TARGET_LOSS:.2f} (never counts {epochs})": lambda a, e: np.minimum(
            findings[arm_name(a, e)]["epochs_to_target"], epochs
        ),
        f"networks that got to loss {TARGET_LOSS:.2f} (share)": lambda a, e: np.isfinite(
            findings[arm_name(a, e)]["epochs_to_target"]
        ),
    }
    panels = {
        label: {a: _line([of(a, e) for e in EXPONENTS]) for a in ACTIVATIONS}
        for label, of in measured.items()
    }
    figure = courses(
        ("factor of the standardized inputs", [10.0**e for e in EXPONENTS]),
        panels,
        f"Digits too small and too large, {_networks(findings):,} networks each "
        "(means, 95 % intervals)",
    )
    for axes in figure.axes:
        axes.set_xscale("log")
    return figure


def _line(samples: list[Array]) -> Array:
    points = [mean(sample) for sample in samples]
    return np.array([[p.value, p.low, p.high] for p in points]).T


def _precision(findings: Findings) -> Figure:
    found: RoundingErrors = findings["rounding"]
    given, wide = "inputs in float32", "inputs in float64, centred, then float32"
    panels = {
        "offset / standard deviation": (
            [10.0**e for e in OFFSET_EXPONENTS],
            {given: found.offset, wide: found.offset_wide},
            {r"derived: float32's spacing there / $\sqrt{12}$": found.offset_derived},
        ),
        "factor": ([10.0**e for e in FACTOR_EXPONENTS], {given: found.factor}, {}),
    }
    title = f"Standardized in float32: {POINTS:,} normal values"
    return rounding(panels, "error (root mean square,\nstandard deviations)", title)


_DRAWN: dict[str, Callable[[Findings], Figure]] = {
    "distributions.png": _distributions,
    "variances.png": _variances,
    "neighbours.png": _neighbours,
    "networks.png": _scaled_networks,
    "factors.png": _factors,
    "precision.png": _precision,
}
FILES = tuple(_DRAWN)
