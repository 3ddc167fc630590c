"""Closing tables fit narrow terminals where they may wrap."""

import io

from rich.console import Console

from normlayers.experiments.running.closing_table import closing_table


def test_only_columns_that_may_wrap_do():
    table = closing_table(
        "Title", "Caption.", ("arm", "a long heading"), wrapped=("a long heading",)
    )
    table.add_row("relu centred", "one two three four five six seven")
    console = Console(file=io.StringIO(), width=36)
    console.print(table)
    lines = console.file.getvalue().splitlines()
    assert lines[0].strip() == "Title"
    assert lines[-1].strip() == "Caption."
    assert any("relu centred" in line for line in lines)
    assert max(map(len, lines)) <= 36
