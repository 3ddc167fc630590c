"""The circle experiment's closing table."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from normlayers.experiments.running.closing_table import closing_table


def table(results: dict[str, Any]) -> Table:
    """Each arm's accuracy, and its hidden neurons before and after, from results.json's content."""
    found = results["measures"]
    rows = closing_table(
        "Two neurons, two circles",
        "h0, h1: the hidden neurons. Linearity 1: no more than a logistic regression, "
        f"whose accuracy is {found['logistic_regression_accuracy']:.3f}; "
        f"that of always the larger class is {found['majority_accuracy']:.3f}.",
        ("arm", "accuracy", "at the start", "at the end", "linearity"),
    )
    for arm, measured in found["arms"].items():
        neurons = [
            "\n".join(
                f"h{i} {state.replace('_', ' ')}" for i, state in enumerate(measured[when]["state"])
            )
            for when in ("start", "end")
        ]
        rows.add_row(
            arm, f"{measured['accuracy']:.3f}", *neurons, f"{measured['end']['linearity']:.3f}"
        )
    return rows
