"""A progress bar over what is done for all arms, such as epochs of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Called as work goes on with how much was done since.
Advance = Callable[[int], None]


class ProgressBar:
    """Moves the bar of ``progress_shown``."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def reach(self, done: int) -> None:
        """Move the bar on to ``done``, unless it is there or beyond."""
        (task,) = self._progress.tasks
        self._progress.update(self._task, completed=max(done, task.completed))

    def counter(self, arm: str) -> Advance:
        """Name the arm that is made now; the function returned moves the bar on."""
        self._progress.update(self._task, description=arm)
        return lambda done: self._progress.advance(self._task, done)


@contextmanager
def progress_shown(console: Console, total: int, unit: str = "epochs") -> Iterator[ProgressBar]:
    """Show a bar from 0 to ``total`` ``unit``; nothing where there is no terminal."""
    silent = not console.is_terminal
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        # A disabled one still ends with an empty line in rich 14.0 and before.
        console=Console(quiet=True) if silent else console,
        transient=True,
        disable=silent,
    )
    with progress:
        yield ProgressBar(progress, total)
