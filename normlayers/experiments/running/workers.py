"""Makes arms on the workers of a Dask cluster, for ``take_up_or_make``."""

from __future__ import annotations

import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from normlayers.experiments.running.arms import Groups, Kept, Make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.usage_error import UsageError
from normlayers.experiments.running.whole_files import write_whole
from normlayers.experiments.running.worker_task import (
    MadeArm,
    WorkerTask,
    difference,
    stop,
    versions_of_worker,
    worker_versions,
)

# Seconds: to reach a scheduler; between two looks at it; to wait for a worker when all have gone.
CONNECT, LOOK, WITHOUT_WORKERS = 10, 5, 60
# What a scheduler, which runs nothing of ours, must have in common with this process.
PROTOCOL = ("dask", "distributed")

KEPT = "the arms that are finished are kept"
LOST = f"the Dask scheduler or all its workers are lost; {KEPT}."


@contextmanager
def on_workers(
    scheduler: str,
    directory: LogDirectory,
    make_arm: Callable[[str, Path, Advance], Kept],
    makers: Sequence[str],
    groups: Groups,
) -> Iterator[Make]:
    """What makes arms on a cluster; while the block lasts, this process is connected to it.

    A worker has one task at a time, and gets the next when it is done. What a worker was making
    when it ended is made by another.

    Args:
        scheduler: its address, such as ``tcp://10.0.0.1:8786``.
        directory: the log directory; nothing is written to it before the first arm is made.
        make_arm: see ``WorkerTask``.
        makers: the modules that make the arms: a worker must have the same code.
        groups: of arms' names, those that one task makes together.

    Raises:
        UsageError: Dask is not installed, the scheduler is not there, it has no worker, or a worker
            has other versions.
        ConnectionError: while arms are made, workers or the scheduler are lost for good.
    """
    with closing(_connected(scheduler)) as client:
        here = worker_versions(makers)
        _refuse_other_versions(client, scheduler, makers, here)
        task = WorkerTask(f"normlayers-{uuid.uuid4()}", make_arm, tuple(makers), here)
        yield partial(_made, client, directory, task, groups)


def _connected(scheduler: str) -> Any:
    try:
        from distributed import Client
        from distributed.comm.addressing import resolve_address
    except ImportError:
        raise UsageError(
            "--scheduler needs Dask, which is not installed; install it with "
            "`pip install 'normlayers[dask]'`."
        ) from None
    try:
        resolve_address(scheduler)  # a client given what is no address prints a traceback
        with warnings.catch_warnings():  # versions are compared below
            warnings.simplefilter("ignore")
            return Client(scheduler, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"there is no Dask scheduler at {scheduler!r} ({_first_line(error)}); start one with "
            "`dask scheduler`, which prints its address."
        ) from error


def _refuse_other_versions(
    client: Any, scheduler: str, makers: Sequence[str], here: Mapping[str, str]
) -> None:
    all_versions = client.get_versions()
    mine, its = ({name: all_versions[who]["packages"][name] for name in PROTOCOL}
                 for who in ("client", "scheduler"))  # fmt: skip
    if mine != its:
        raise UsageError(difference(f"the scheduler at {scheduler}", its, mine))
    workers = client.run(versions_of_worker, tuple(makers), on_error="return")
    if not workers:
        raise UsageError(
            f"the scheduler at {scheduler} has no worker; start some with "
            f"`dask worker {scheduler} --nthreads 1`."
        )
    for address, found in workers.items():
        if isinstance(found, BaseException):
            raise UsageError(
                f"the worker {address} cannot run these experiments "
                f"({type(found).__name__}: {_first_line(found)}); install this version of "
                "normlayers[articles] there."
            )
        if found != here:
            raise UsageError(difference(f"the worker {address}", found, here))


def _made(
    client: Any,
    directory: LogDirectory,
    task: WorkerTask,
    groups: Groups,
    arms: Sequence[str],
    counter: Callable[[str], Advance],
) -> Generator[tuple[str, float, Kept], None, None]:
    waiting = deque(groups(arms))
    running: dict[Any, Sequence[str]] = {}  # the arms of each future
    client.subscribe_topic(task.run, _Progress(counter))
    try:
        while waiting or running:
            while waiting and len(running) < max(1, len(client.nthreads())):
                group = waiting.popleft()
                key = f"{group[0]}-{task.run}"  # shown on Dask's dashboard
                running[client.submit(task, list(group), key=key, pure=False)] = group
            for future in _done(client, running):
                for made in _result(future, running.pop(future)):
                    folder = directory.begin(made.arm)
                    for file, content in made.files.items():
                        write_whole(folder / file, content)
                    yield made.arm, made.seconds, made.kept
    finally:
        if client.status == "running":
            client.unsubscribe_topic(task.run)
            if running:
                with suppress(OSError):
                    client.cancel(list(running))
                    client.run(stop, task.run, wait=False)


def _done(client: Any, running: Mapping[Any, Sequence[str]]) -> set[Any]:
    """Wait for tasks; those that are done, or have failed."""
    from distributed import wait

    last_seen = time.monotonic()
    while True:
        try:
            with client.as_current(), _cluster_needed():
                return set(wait(list(running), LOOK, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            with suppress(OSError):
                if client.status == "running" and client.nthreads():
                    last_seen = time.monotonic()
        if time.monotonic() - last_seen > WITHOUT_WORKERS:
            raise ConnectionError(LOST)


def _result(future: Any, arms: Sequence[str]) -> list[MadeArm]:
    from distributed import KilledWorker

    try:
        with _cluster_needed():
            made: list[MadeArm] = future.result()
    except KilledWorker as error:
        raise ConnectionError(
            f"{error.allowed_failures + 1} Dask workers ended while they made {', '.join(arms)}, "
            f"perhaps for lack of memory; {KEPT}."
        ) from error
    return made


@contextmanager
def _cluster_needed() -> Iterator[None]:
    """Tasks are cancelled by a client that loses its scheduler."""
    from distributed import CancelledError

    try:
        yield
    except CancelledError as error:
        raise ConnectionError(LOST) from error


class _Progress:
    """Moves the bar by what workers report; an arm made again counts once."""

    def __init__(self, counter: Callable[[str], Advance]) -> None:
        self._counter = counter
        self._done: dict[str, int] = {}

    def __call__(self, event: tuple[float, Mapping[str, Any]]) -> None:
        arm, done = event[1]["arm"], event[1]["done"]
        more = done - self._done.get(arm, 0)
        if more >= 0:
            self._counter(arm)(more)
            self._done[arm] = done


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
