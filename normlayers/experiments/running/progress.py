"""A progress bar over the epochs of several networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EpochProgress:
    """Moves the bar of ``epochs_shown``."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=epochs)

    def reach(self, epochs: int) -> None:
        """Say how many epochs are done in all."""
        self._progress.update(self._task, completed=epochs)

    def counter(self, name: str) -> Callable[[int], None]:
        """A function that moves the bar on by a number of epochs of networks of this name."""
        self._progress.update(self._task, description=name)
        return lambda epochs: self._progress.advance(self._task, epochs)

    def callback(self, name: str, passes_per_epoch: int) -> keras.callbacks.Callback:
        """A Keras callback that moves the bar for a network of this name.

        Args:
            name: shown beside the bar.
            passes_per_epoch: passes over the data in what Keras calls an epoch.
        """
        count = self.counter(name)

        def advance(epoch: int, logs: Mapping[str, float] | None = None) -> None:
            count(passes_per_epoch)

        return keras.callbacks.LambdaCallback(on_epoch_end=advance)


@contextmanager
def epochs_shown(console: Console, epochs: int) -> Iterator[EpochProgress]:
    """Show a bar while the epochs of all networks go by; nothing where there is no terminal."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield EpochProgress(progress, epochs)
