"""The closing table of ``loss_surface``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from normlayers.experiments.claims.evidence import number
from normlayers.experiments.loss_surface.data import SCALINGS
from normlayers.experiments.loss_surface.losses import LOSSES
from normlayers.experiments.running.closing_table import closing_table


def loss_surface_table(results: Mapping[str, Any]) -> Table:
    """How stretched the surfaces are, and the steps to their minimum.

    Args:
        results: the content of results.json.
    """
    measures, arguments = results["measures"], results["arguments"]
    shared = f"steps at {measures['learning_rate']:g}"
    rows = closing_table(
        "Loss surfaces of two weights",
        f"κ: condition number, median of {arguments['data-sets']:,} data sets; the rest is "
        "of the first. Steps: of gradient descent at the surface's best learning rate, by theory "
        "in brackets; detour: the path's length over the straight one.",
        ("inputs", "κ", "best rate", "steps (theory)", "detour", shared),
        wrapped=(shared,),
    )
    middle = measures["quantile_levels"].index(0.5)
    for name, loss in LOSSES.items():
        rows.add_section()
        rows.add_row(loss.label)
        for scaling, label in SCALINGS.items():
            found = measures[name][scaling]
            first = found["first"]
            best = first["best"]
            rows.add_row(
                f"  {label}",
                number(found["condition_quantiles"][middle]),
                f"{first['best_rate']:.3g}",
                f"{_steps(best['steps'])} ({_steps(best['predicted'])})",
                "" if best["detour"] is None else number(best["detour"]),
                _steps(first["shared"]["steps"]),
            )
    return rows


def _steps(steps: float | str) -> str:
    return steps if isinstance(steps, str) else f"{steps:,.0f}"
