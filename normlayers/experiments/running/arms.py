"""Makes an experiment's arms, but for those that an earlier run has finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
from rich.console import Console

from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance, progress_shown

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Kept:
    """What is kept of an arm, beside the files that it wrote to its folder itself.

    Attributes:
        measures: what its ``arm.json`` keeps under this name; ``None``: nothing.
        arrays: what its ``.npz`` files keep, by file.
    """

    measures: Mapping[str, Any] | None = None
    arrays: Mapping[str, Arrays] = field(default_factory=dict)


# Makes arms of these names, in any order, and yields each one's name, the seconds it took and what
# to keep of it, its folder begun. The second argument names an arm on the progress bar, and
# returns what moves the bar on.
Make = Callable[
    [Sequence[str], Callable[[str], Advance]], Generator[tuple[str, float, Kept], None, None]
]
# Puts arms in the order in which they are made, in groups that are made by one process.
Groups = Callable[[Sequence[str]], Sequence[Sequence[str]]]


def take_up_or_make(
    directory: LogDirectory,
    arms: Sequence[str],
    make: Make,
    console: Console,
    each: int,
    unit: str = "epochs",
) -> None:
    """Make the arms that are not finished in a log directory, and show a progress bar meanwhile.

    Afterwards ``LogDirectory.finished`` and ``kept_arrays`` return what was kept of each arm, in
    the same way whether this run made it or an earlier one. An interruption loses only the arms
    that are under way; it prints which arms are missing.

    Args:
        directory: the log directory, opened.
        arms: the names of all arms of this run.
        make: makes those that are missing; see ``one_by_one``.
        console: where the bar is shown.
        each: how much there is to do for an arm, in ``unit``.
        unit: what the bar counts.
    """
    missing = [arm for arm in arms if directory.finished(arm) is None]
    done = len(arms) - len(missing)
    with (
        directory.telling_what_is_missing(console),
        progress_shown(console, each * len(arms), unit) as progress,
    ):
        progress.reach(each * done)
        with closing(make(missing, progress.counter)) as making:
            for number, (arm, seconds, kept) in enumerate(making, start=done + 1):
                found: dict[str, Any] = {"runtime_seconds": seconds}
                if kept.measures is not None:
                    found["measures"] = kept.measures
                directory.finish(arm, found, kept.arrays)
                progress.reach(each * number)


def one_by_one(directory: LogDirectory, make_arm: Callable[[str, Path, Advance], Kept]) -> Make:
    """Makes arms one after the other, for ``take_up_or_make``.

    Args:
        directory: the log directory, opened.
        make_arm: called with an arm's name, its empty folder and what moves the bar on.
    """

    def make(
        arms: Sequence[str], counter: Callable[[str], Advance]
    ) -> Generator[tuple[str, float, Kept], None, None]:
        for arm in arms:
            started = time.perf_counter()
            kept = make_arm(arm, directory.begin(arm), counter(arm))
            yield arm, time.perf_counter() - started, kept

    return make


def each_alone(arms: Sequence[str]) -> list[list[str]]:
    """Groups of one arm."""
    return [[arm] for arm in arms]


@contextmanager
def here_or_on_workers(
    scheduler: str | None,
    directory: LogDirectory,
    make_arm: Callable[[str, Path, Advance], Kept],
    makers: Sequence[str],
    groups: Groups = each_alone,
    here: Make | None = None,
) -> Iterator[Make]:
    """What makes arms, in this process or on the workers of a Dask cluster.

    Args:
        scheduler: the cluster's, see ``on_workers``; ``None``: arms are made in this process.
        directory: the log directory, which is opened once this block has begun: an error in
            reaching the cluster writes nothing.
        make_arm: see ``one_by_one``.
        makers: the names of the modules that make the arms.
        groups: of the arms that a worker makes one after the other.
        here: what makes arms in this process; by default ``one_by_one``.
    """
    if scheduler is None:
        yield here or one_by_one(directory, make_arm)
        return
    # Loaded late: it needs Dask, which nothing else here does.
    from normlayers.experiments.running.workers import on_workers

    with on_workers(scheduler, directory, make_arm, makers, groups) as make:
        yield make
