"""The look of the tables that experiments print at their end."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table


def closing_table(
    title: str, caption: str, headings: Sequence[str], wrapped: Sequence[str] = ()
) -> Table:
    """A table without rows.

    Args:
        title: printed above it.
        caption: printed below it.
        headings: of its columns.
        wrapped: those of the headings whose columns may break lines where the terminal is narrow.
    """
    table = Table(
        title=title, caption=caption, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0)
    )
    for heading in headings:
        table.add_column(heading, no_wrap=heading not in wrapped)
    return table
