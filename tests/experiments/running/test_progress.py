"""The bar: how far it is, and that it stays off files."""

import io

from rich.console import Console

from normlayers.experiments.running.progress import progress_shown


def shown(is_terminal):
    console = Console(file=io.StringIO(), width=80, force_terminal=is_terminal)
    with progress_shown(console, 20, "networks") as bar:
        advance = bar.counter("relu")
        advance(3)
        advance(9)
        bar.reach(10)  # it is beyond
        bar._progress.refresh()
        twelve = console.file.getvalue()
        bar.reach(20)
    return twelve, console.file.getvalue()


def test_the_bar_moves_on_and_never_back():
    twelve, end = shown(is_terminal=True)
    assert "relu" in twelve
    assert "12/20" in twelve
    assert "networks" in twelve
    assert "10/20" not in end
    assert "20/20" in end


def test_nothing_is_shown_where_there_is_no_terminal():
    assert shown(is_terminal=False) == ("", "")
