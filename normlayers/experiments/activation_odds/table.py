"""The closing table of ``activation_odds``."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from normlayers.experiments.activation_odds.figures import KINDS, STATES, data_range
from normlayers.experiments.running.closing_table import closing_table


def table(results: dict[str, Any]) -> Table:
    """The closing table: what the neurons are active on, simulated and exact, at each shift."""
    measures, points = results["measures"], results["arguments"]["points"]
    rows = closing_table(
        "Which neurons are active at initialization",
        f"{results['arguments']['networks']:,} networks. Always on, selective, dead: "
        f"share of the neurons active on all, part, none of their network's {points:,} points; "
        "exact: of the whole cube, of which a sample can miss a corner. Mean: share of the neurons "
        "active at a point.",
        ("data", *(name for state in STATES for name in (state, "exact")), "mean"),
    )
    for kind, label in KINDS.items():
        found, exact = measures[kind], measures["exact"][kind]
        rows.add_section()
        rows.add_row(label)
        for s, shift in enumerate(measures["shift"]):
            shares = []
            for share in STATES.values():
                shares.append(f"{found[share][s]:.4f}")
                shares.append(f"{exact[share][s]:.4f}" if exact else "")
            rows.add_row(f"  {data_range(shift)}", *shares, f"{found['mean_active'][s]:.4f}")
    return rows
