"""Claims and their verdicts as a table, for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from normlayers.experiments.claims.articles import ARTICLES, by_article_and_number, unchecked_claims
from normlayers.experiments.claims.evidence import number

Rows = Sequence[Mapping[str, Any]]


def claims_table(rows: Rows) -> Table:
    """A table for the terminal, of rows of results.json's ``claims``."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("claim", "what was measured", "value [95 %]", "holds where", "verdict"):
        table.add_column(heading, vertical="top")
    for row in rows:
        measured = f"{row['measure']} ({_cases(row)})"
        table.add_row(row["id"], measured, interval(row), row["rule"], row["verdict"])
    return table


def claims_markdown(rows: Rows) -> str:
    """The same as Markdown, one table per article, with the claims that are open."""
    parts = []
    for article in ARTICLES:
        of_it = [row for row in rows if row["id"].split(".")[0] == article.id]
        of_it.sort(key=lambda row: by_article_and_number(row["id"]))
        parts.append(f"### {article.id} · {article.title}\n")
        if of_it:
            parts.append(_markdown_table(of_it))
        unchecked = unchecked_claims(article, [row["id"] for row in of_it])
        if unchecked:
            parts.append(f"Open, not checked: {', '.join(unchecked)}.\n")
    return "\n".join(parts)


def _markdown_table(rows: Rows) -> str:
    lines = [
        ("claim", "what was measured", "value [95 %]", "holds where", "n", "verdict"),
        ("---",) * 6,
    ]
    lines += [
        (
            f"**{row['id']}** {row['claim']}", row["measure"], interval(row), row["rule"],
            "exact" if row["exact"] else f"{row['n']:,}", f"**{row['verdict']}**",
        )
        for row in rows
    ]  # fmt: skip
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def interval(row: Mapping[str, Any]) -> str:
    """A row's value and interval, such as ``0.930 [0.912, 0.945]``; only the value if exact."""
    if row["exact"]:
        return number(row["value"])
    low, high = row["ci95"]
    return f"{number(row['value'])} [{number(low)}, {number(high)}]"


def _cases(row: Mapping[str, Any]) -> str:
    return "exact" if row["exact"] else f"n = {row['n']:,}"
