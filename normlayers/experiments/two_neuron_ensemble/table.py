"""The closing table of ``two_neuron_ensemble``."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from normlayers.experiments.claims.summaries import MIDDLE
from normlayers.experiments.running.closing_table import closing_table
from normlayers.experiments.two_neuron_ensemble.arms import ACTIVATIONS
from normlayers.experiments.two_neuron_ensemble.claims import BEATS_BY


def table(results: dict[str, Any]) -> Table:
    """How many networks beat logistic regression, by activation and by what is done to the data."""
    found = results["measures"]
    columns = {
        "centred": "shift-0",
        "shifted 10": "shift-10",
        "standardized": "standardized",
        "BN pre": "bn-pre",
        "BN post": "bn-post",
    }
    rows = closing_table(
        "Networks that beat logistic regression / any line, and the median accuracy",
        f"Share of the networks with an accuracy from {found['beats_from']:.3f} on, "
        f"{BEATS_BY} over logistic regression's, and over {found['best_line_accuracy']:.3f}, "
        "the most accurate line's.",
        ("activation", *columns),
    )
    for activation in ACTIVATIONS:
        arms = [found["arms"].get(f"{activation}-{ending}") for ending in columns.values()]
        if any(arms):
            rows.add_row(activation, *map(_cell, arms))
    return rows


def _cell(arm: dict[str, Any] | None) -> str:
    if arm is None:
        return "not run"
    quantiles = arm["accuracy"]["quantiles"]
    median = "diverged" if quantiles is None else f"{quantiles[MIDDLE]:.2f}"
    return f"{arm['beats']:.0%} / {arm['beats_any_line']:.0%}\n{median}"
