"""The closing table of ``input_normalization``."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from normlayers.experiments.claims.summaries import MIDDLE
from normlayers.experiments.input_normalization.arms import ACTIVATIONS, INPUTS
from normlayers.experiments.input_normalization.data import DATA
from normlayers.experiments.running.closing_table import closing_table


def table(results: dict[str, Any]) -> Table:
    """Median epochs to the target loss and validation accuracy, without and with."""
    arms = results["measures"]["arms"]
    rows = closing_table(
        "Epochs to the target loss / validation accuracy in the end (medians)",
        "raw, then standardized. Target: half of a guess's loss, ln(classes)/2; epochs of "
        "the networks that came to it; -: fewer than half did.",
        ("activation", *DATA.values()),
        wrapped=tuple(DATA.values()),
    )
    for activation in ACTIVATIONS:
        cells = [
            "\n".join(_cell(arms.get(f"{data}-{activation}-{inputs}")) for inputs in INPUTS)
            for data in DATA
        ]
        if set(cells) != {"not run\nnot run"}:
            rows.add_row(activation, *cells)
    return rows


def _cell(arm: dict[str, Any] | None) -> str:
    if arm is None:
        return "not run"
    if arm["validation_accuracy"]["quantiles"] is None:
        return "diverged"
    accuracy = arm["validation_accuracy"]["quantiles"][MIDDLE]
    epochs = "-"
    if arm["reached"] >= 0.5:
        epochs = f"{arm['epochs_to_target']['quantiles'][MIDDLE]:.0f}"
    diverged = f", {arm['diverged']:.0%} diverged" if arm["diverged"] else ""
    return f"{epochs} / {accuracy:.3f}{diverged}"
