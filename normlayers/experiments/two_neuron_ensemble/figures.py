"""The ensemble's pictures: which measures of which arms are drawn how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.experiments.claims.evidence import Evidence, mean, share
from normlayers.experiments.claims.summaries import quantiles, quantiles_and_left_out
from normlayers.experiments.data.circles import circles, logistic_regression_accuracy
from normlayers.experiments.plots.courses import courses
from normlayers.experiments.plots.violins import Sample, violins
from normlayers.experiments.two_neuron_ensemble.arms import ACTIVATIONS, SHIFTS, SIZES
from normlayers.experiments.two_neuron_ensemble.best_line import best_line_accuracy
from normlayers.experiments.two_neuron_ensemble.claims import Findings, beats
from normlayers.experiments.two_neuron_ensemble.plots.before_after import before_after
from normlayers.experiments.two_neuron_ensemble.plots.sweep import sweep

Array = npt.NDArray[Any]
# Panel titles instead of arms' names.
TITLES = {name: name.replace("_", " ") if name != "none" else "no activation"
          for name in ACTIVATIONS}  # fmt: skip


def pictures(findings: Findings) -> dict[str, Figure]:
    """Those of ``PICTURES`` whose arms were run, by file name."""
    count = len(next(iter(findings.values()))["accuracy"])
    drawn = {name: draw(findings, f"{count:,} networks each") for name, draw in _DRAWN.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def captions(drawn: Collection[str], networks: int) -> list[dict[str, str]]:
    """results.json's ``figures``.

    Args:
        drawn: those of ``PICTURES`` that were drawn.
        networks: how many each arm has.
    """
    each = f"{networks:,} networks each."
    texts = {
        "sweep.png": "Accuracy after training, and the states of the hidden neurons, as the data "
        "move away from 0. Lines are medians; bands hold the middle 50 % and 90 % of the "
        f"networks. {each}",
        "movement.png": "What training moves, as the data move away from 0: neurons' states, who "
        "is active, weights, the boundary. Bands are 95 % intervals of the means. "
        f"{each}",
        "cures.png": "Accuracy after training on the circles, on the circles moved by 10, and on "
        f"these with the data standardized or the hidden layer batch-normalized. {each}",
        "sizes.png": "Accuracy after training on the circles moved by 10, of larger and deeper "
        f"networks, beside two neurons on the same data standardized. {each}",
        "alike.png": "How alike the weights of those neurons are that all of the data activate at "
        "the start: 1 where they point the same way. Before and after training; of "
        f"{networks:,} networks those that have two such neurons.",
        "exclusive.png": "Of the points that activate a neuron, the share that activates one only, "
        f"before and after training. Of {networks:,} networks those with an active neuron.",
    }
    return [{"file": file, "caption": texts[file]} for file in texts if file in drawn]


def _lines() -> dict[str, float]:
    return {
        "logistic regression": logistic_regression_accuracy(),
        "best of all lines": best_line_accuracy(*circles()),
    }


def _swept(findings: Findings) -> list[str]:
    return [a for a in ACTIVATIONS if all(f"{a}-shift-{shift}" in findings for shift in SHIFTS)]


def _sweep(findings: Findings, each: str) -> Figure | None:
    swept = _swept(findings)
    if not swept:
        return None

    def over_shifts(activation: str, measure: str) -> list[Array]:
        return [findings[f"{activation}-shift-{shift}"][measure] for shift in SHIFTS]

    states = {
        TITLES[a]: np.array(
            [
                [np.nanmean(v) for v in over_shifts(a, f"{state}_end")]
                for state in ("always_on", "selective", "dead")
            ]
        )
        for a in swept
    }
    accuracy = {
        TITLES[a]: np.stack([quantiles_and_left_out(v)[0] for v in over_shifts(a, "accuracy")], 1)
        for a in swept
    }
    return sweep(
        SHIFTS, accuracy, states, _lines(),
        f"Two hidden neurons on two circles, the data moved away from 0 ({each})",
    )  # fmt: skip


def _movement(findings: Findings, each: str) -> Figure | None:
    swept = _swept(findings)
    if not swept:
        return None
    measured: dict[str, Callable[[Any], Evidence]] = {
        "share that beats logistic regression": lambda found: share(beats(found)),
        "share with every neuron's state kept": lambda found: mean(found["states_kept"]),
        "change of who is active": lambda found: mean(found["activity_changed"]),
        "way of the weights / their length": lambda found: mean(found["weights_moved"]),
        "share of the plane that changed class": lambda found: mean(found["boundary_moved"]),
        "linearity at the end (R²)": lambda found: mean(found["linearity_end"]),
    }
    panels = {
        label: {
            TITLES[a]: _line_over_shifts([of(findings[f"{a}-shift-{s}"]) for s in SHIFTS])
            for a in swept
        }
        for label, of in measured.items()
    }
    return courses(
        ("shift of the data", SHIFTS), panels, f"From start to end (means, {each}, 95 % intervals)"
    )


def _line_over_shifts(points: Sequence[Evidence]) -> Array:
    return np.array([[p.value, p.low, p.high] for p in points]).T


def _cures(findings: Findings, each: str) -> Figure | None:
    endings = {
        "centred": "shift-0", "shifted by 10": "shift-10", "standardized": "standardized",
        "BN pre": "bn-pre", "BN post": "bn-post",
    }  # fmt: skip
    panels = {
        TITLES[a]: _accuracies(findings, {name: f"{a}-{end}" for name, end in endings.items()})
        for a in ACTIVATIONS
    }
    panels = {name: samples for name, samples in panels.items() if samples}
    if not panels:
        return None
    return violins(panels, "accuracy", f"What normalizing cures ({each})", _lines())


def _sizes(findings: Findings, each: str) -> Figure | None:
    arms = {"2 neurons": "relu-shift-10"}
    arms |= {size.replace("-", " "): f"relu-{size}" for size in SIZES}
    arms |= {"2, standardized": "relu-standardized"}
    samples = _accuracies(findings, arms)
    if not samples:
        return None
    title = f"Larger networks on shifted data ({each})"
    return violins({"ReLU, data shifted by 10": samples}, "accuracy", title, _lines())


def _accuracies(findings: Findings, arms: Mapping[str, str]) -> dict[str, Sample]:
    """The accuracies that are finite, of arms with two of them or more, and their medians."""
    found = {n: findings[arm]["accuracy"] for n, arm in arms.items() if arm in findings}
    finite = {name: values[np.isfinite(values)] for name, values in found.items()}
    return {n: (values, float(quantiles(values, 0.5))) for n, values in finite.items()
            if len(values) > 1}  # fmt: skip


def _alike(findings: Findings, each: str) -> Figure | None:
    arms = {"ReLU, 2 neurons": "relu-shift-10", "ReLU, 8 neurons": "relu-8-neurons"}
    panels = _start_and_end(findings, "alike", arms)
    if not panels:
        return None
    title = "Neurons that all of the data (shifted by 10) activate at the start"
    return before_after(panels, "mean cosine between their weights", (-1, 1), title)


def _exclusive(findings: Findings, each: str) -> Figure | None:
    arms = {"ReLU, centred": "relu-shift-0", "ReLU, shifted by 10": "relu-shift-10"}
    panels = _start_and_end(findings, "exclusive", arms)
    if not panels:
        return None
    title = "Of the points that activate a neuron, the share that activates one only"
    return before_after(panels, "share of the points", (0, 1), title)


def _start_and_end(
    findings: Findings, measure: str, arms: Mapping[str, str]
) -> dict[str, tuple[Array, Array]]:
    return {
        name: (findings[arm][f"{measure}_start"], findings[arm][f"{measure}_end"])
        for name, arm in arms.items()
        if arm in findings
    }


_DRAWN: dict[str, Callable[[Findings, str], Figure | None]] = {
    "sweep.png": _sweep,
    "movement.png": _movement,
    "cures.png": _cures,
    "sizes.png": _sizes,
    "alike.png": _alike,
    "exclusive.png": _exclusive,
}
PICTURES = tuple(_DRAWN)
