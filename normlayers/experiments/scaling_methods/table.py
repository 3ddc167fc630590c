"""The closing tables of ``scaling_methods``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from normlayers.experiments.claims.evidence import number
from normlayers.experiments.data.scalings import SCALINGS
from normlayers.experiments.running.closing_table import closing_table
from normlayers.experiments.scaling_methods.training import (
    ACTIVATIONS,
    EXPONENTS,
    SCALED_ARMS,
    TARGET_LOSS,
    arm_name,
)

Results = Mapping[str, Any]


def scalings_table(results: Results) -> Table:
    """What each scaling does to neighbours, networks and variances."""
    measures, asked = results["measures"], results["arguments"]
    headings = (
        "inputs",
        "5-NN wine",
        "5-NN digits",
        "accuracy",
        "loss",
        "variances wine",
        "digits",
    )
    rows = closing_table(
        "Ways to scale inputs",
        f"5-NN: mean accuracy of nearest neighbours over {asked['splits']:,} splits. Networks: "
        f"{asked['networks']:,} on digits, means of their accuracy and last loss (nats). "
        "Variances: largest over smallest of the features that vary.",
        headings,
        wrapped=headings,
    )
    for scaling, label in SCALINGS.items():
        network = measures["networks"][SCALED_ARMS[scaling]]
        rows.add_row(
            label,
            *(_mean(measures["neighbours"][data].get(scaling)) for data in ("wine", "digits")),
            _mean(network["accuracy"]),
            _mean(network["loss_end"]),
            *(_unevenness(measures["variances"][data].get(scaling)) for data in ("wine", "digits")),
        )
    return rows


def factors_table(results: Results) -> Table:
    """What a factor does to networks of each activation."""
    found, asked = results["measures"]["networks"], results["arguments"]
    headings = ("activation", *(f"1e{exponent}" for exponent in EXPONENTS))
    rows = closing_table(
        "Standardized digits times a factor",
        f"{asked['networks']:,} networks each: mean saturated share at the start / mean validation "
        f"accuracy after {asked['epochs']:,} epochs / share that got to a loss of "
        f"{TARGET_LOSS:.2f} nats.",
        headings,
        wrapped=headings,
    )
    for activation in ACTIVATIONS:
        cells = []
        for exponent in EXPONENTS:
            arm = found[arm_name(activation, exponent)]
            start, end = (_mean(arm[name], 2) for name in ("saturation_start", "accuracy"))
            cells.append(f"{start} / {end}\n{arm['reaches_target']:.0%}")
        rows.add_row(activation, *cells)
    return rows


def _mean(found: Mapping[str, Any] | None, digits: int = 3) -> str:
    if found is None:
        return ""
    return "diverged" if found["mean"] is None else f"{found['mean']:.{digits}f}"


def _unevenness(found: Mapping[str, Any] | None) -> str:
    return "" if found is None else number(found["unevenness"])
