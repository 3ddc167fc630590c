"""What a Dask worker does: makes arms in a folder of its own and returns all that they keep.

Nothing here connects to Dask or reads the log directory: a worker may be another machine.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from normlayers.ensembles.side_by_side import StoppedError
from normlayers.experiments.running.arms import Kept
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.usage_error import UsageError

# Called in the worker with an arm's name and how much of it is done.
Report = Callable[[str, int], None]

# Seconds between two reports of an arm.
REPORT_EVERY = 0.5
# Keras's random seed belongs to the process, so that its threads make arms in turn.
_IN_TURN = threading.Lock()
_STOPPED: set[str] = set()


@dataclass(frozen=True)
class MadeArm:
    """An arm that a worker has made.

    Attributes:
        arm: its name.
        seconds: what it took there.
        kept: what is kept of it.
        files: by name, what it wrote to its folder.
    """

    arm: str
    seconds: float
    kept: Kept
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class WorkerTask:
    """Makes arms, in the process that it was sent to.

    Attributes:
        run: a name that no other run has.
        make_arm: called with an arm's name, an empty folder and what is called with progress. It
            is pickled, and so is to be a module's function or a ``partial`` of one.
        makers: the modules that make the arms, for ``versions``.
        versions: those of the process that asks; a worker with others makes nothing.
    """

    run: str
    make_arm: Callable[[str, Path, Advance], Kept]
    makers: tuple[str, ...]
    versions: Mapping[str, str]

    def __call__(self, arms: Sequence[str], report: Report | None = None) -> list[MadeArm]:
        """Make arms one after the other.

        Args:
            arms: their names.
            report: by default Dask's events, under the topic ``run``.

        Raises:
            UsageError: this process has other versions than the one that asks.
            StoppedError: the run was stopped, see ``stop``.
        """
        report = report or _event_log(self.run)
        with _IN_TURN:
            found = worker_versions(self.makers)
            if found != self.versions:
                raise UsageError(difference("a worker that joined later", found, self.versions))
            return [self._made(arm, report) for arm in arms]

    def _made(self, arm: str, report: Report) -> MadeArm:
        with tempfile.TemporaryDirectory() as name:
            folder, started = Path(name), time.perf_counter()
            kept = self.make_arm(arm, folder, _Reported(self.run, arm, report))
            seconds = time.perf_counter() - started
            files = {file.name: file.read_bytes() for file in folder.iterdir()}
        return MadeArm(arm, seconds, kept, files)


class _Reported:
    """Counts an arm's progress, reports it now and then, and ends what nobody waits for."""

    def __init__(self, run: str, arm: str, report: Report) -> None:
        self._run, self._arm, self._report = run, arm, report
        self._lock, self._done, self._due = threading.Lock(), 0, 0.0
        self(0)

    def __call__(self, done: int) -> None:
        if self._run in _STOPPED:
            raise StoppedError
        with self._lock:  # an arm's networks may be trained by several threads
            self._done += done
            if time.monotonic() < self._due:
                return
            self._due = time.monotonic() + REPORT_EVERY
            self._report(self._arm, self._done)


def _event_log(run: str) -> Report:
    from distributed import get_worker

    worker = get_worker()
    return lambda arm, done: worker.log_event(run, {"arm": arm, "done": done})


async def stop(run: str) -> None:
    """End the arms of a run that this process makes, at their next sign of progress."""
    _STOPPED.add(run)


async def versions_of_worker(makers: Sequence[str]) -> dict[str, str]:
    """``versions`` of this process, which meanwhile answers its scheduler: it imports Keras."""
    return await asyncio.to_thread(worker_versions, makers)


def worker_versions(makers: Sequence[str]) -> dict[str, str]:
    """``versions`` of this process."""
    from normlayers.experiments.running.versions import versions

    return versions(*makers)


def difference(who: str, found: Mapping[str, str], here: Mapping[str, str]) -> str:
    """The sentence that says how a process differs from this one.

    Args:
        who: the process.
        found: its versions, by library.
        here: those of this one; the two are not equal.

    Example:
        >>> difference("worker 1", {"dask": "2026.7"}, {"dask": "2026.8"})
        'worker 1 has dask 2026.7 where this process has 2026.8; install the same there.'
    """
    name = next(name for name in {**here, **found} if found.get(name) != here.get(name))
    if name == "source":  # a digest
        return f"{who} has other code of normlayers than this process; install the same there."
    return (
        f"{who} has {name} {found.get(name)} where this process has {here.get(name)}; "
        "install the same there."
    )
