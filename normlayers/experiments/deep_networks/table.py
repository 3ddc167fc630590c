"""The closing table of ``deep_networks``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from normlayers.experiments.claims.summaries import MIDDLE
from normlayers.experiments.deep_networks.arms import (
    ACTIVATIONS,
    DEPTHS,
    INPUTS,
    NORMALIZATIONS,
    Arm,
)
from normlayers.experiments.running.closing_table import closing_table


def deep_table(results: Mapping[str, Any]) -> Table:
    """Epochs to the target loss and the validation accuracy, by depth and by what is normalized.

    Args:
        results: the content of results.json.
    """
    measures, arguments = results["measures"], results["arguments"]
    headings = {"none": "no BN", "bn-pre": "BN pre", "bn-post": "BN post"}
    columns = [(inputs, name) for inputs in INPUTS for name in NORMALIZATIONS]
    rows = closing_table(
        "Epochs to the target loss, and validation accuracy in the end",
        f"Medians of {arguments['networks']:,} networks on digits, {arguments['epochs']:,} "
        f"epochs; target loss {measures['target_loss']:.2f} nats; never: not in these epochs. BN: "
        "batch normalization before (pre) or after (post) each activation.",
        ("layers", *(f"{inputs}\n{headings[name]}" for inputs, name in columns)),
    )
    for activation in ACTIVATIONS:
        rows.add_section()
        rows.add_row(activation)
        for depth in DEPTHS:
            arms = (Arm(activation, name, inputs, depth).name for inputs, name in columns)
            rows.add_row(f"  {depth}", *(_cell(measures["arms"].get(arm)) for arm in arms))
    return rows


def _cell(arm: Mapping[str, Any] | None) -> str:
    if arm is None:
        return "not run"
    epochs, accuracy = arm["epochs"][MIDDLE], arm["accuracy"]["quantiles"][MIDDLE]
    return f"{'never' if epochs is None else f'{epochs:.1f}'}\n{accuracy:.2f}"
