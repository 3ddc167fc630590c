"""TensorBoard event files, written without TensorFlow."""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from normlayers.explorer.records import EVENT_FILES as EVENT_FILES
from normlayers.tracking.guard import warn_without_raising
from normlayers.tracking.writing.records import record
from normlayers.tracking.writing.summary_values import (
    Histogram,
    histogram_value,
    image_value,
    scalar_value,
    text_value,
)
from normlayers.tracking.writing.tag_descriptions import tag_description

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

OWN_EVENT_FILES = f"{EVENT_FILES}.normlayers.v2"


class EventLog:
    """Writes one TensorBoard event file.

    The file is made by ``begin`` or the first ``write``, and flushed by each: a killed process
    loses at most the observation under way. Where the file has been deleted or moved away, one
    warning says so and another one is begun.

    Args:
        log_dir: folder of the run; made when it is missing.
        describe: what TensorBoard says of a tag, as Markdown.
        is_over: whether nobody will write to it any more, though nobody has closed it; another log
            of this process may then write to the folder.

    Example:
        >>> import tempfile
        >>> with EventLog(tempfile.mkdtemp()) as log:
        ...     log.write(0, scalars={"loss": 0.7})
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        describe: Callable[[str], str] = tag_description,
        is_over: Callable[[], bool] = bool,  # of nothing: never
    ) -> None:
        self.log_dir = Path(log_dir)
        self._describe, self._is_over = describe, is_over
        self._described: set[str] = set()  # in the file being written
        self._file: IO[bytes] | None = None
        self._finalizer: Any = None
        self._begun = 0
        self._warned = False

    @property
    def has_begun(self) -> bool:
        """Whether there has been a file."""
        return self._begun > 0

    @property
    def file_number(self) -> int:
        """How many files there will have been with the next ``write``, which may begin one."""
        return self._begun + self._begins_file

    @property
    def _begins_file(self) -> bool:
        return self._file is None or not Path(self._file.name).exists()

    def write(
        self,
        step: int,
        scalars: Mapping[str, float] | None = None,
        histograms: Mapping[str, Histogram] | None = None,
        images: Mapping[str, bytes | Sequence[bytes]] | None = None,
        texts: Mapping[str, str] | None = None,
        others: Iterable[Any] = (),
    ) -> None:
        """Write one step's values, each under its tag.

        Args:
            step: the step they belong to.
            scalars: numbers.
            histograms: ``(low, high, counts)``: how many values are in each of the equal bins
                from ``low`` to ``high``.
            images: PNG files; where a tag has several of one size, TensorBoard numbers them as
                samples.
            texts: Markdown.
            others: summary values of other plugins, as they are.

        Raises:
            BlockingIOError: another event log is writing to the folder.
            OSError: the folder cannot be written to, or the disk is full.
        """
        # Loaded late: TensorBoard's modules cost a second that a user of the layers need not pay.
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        summary = Summary()
        for tag, number in (scalars or {}).items():
            summary.value.add().CopyFrom(scalar_value(tag, number))
        for tag, values in (histograms or {}).items():
            summary.value.add().CopyFrom(histogram_value(tag, *values))
        for tag, pngs in (images or {}).items():
            several = [pngs] if isinstance(pngs, bytes) else list(pngs)
            summary.value.add().CopyFrom(image_value(tag, several))
        for tag, text in (texts or {}).items():
            summary.value.add().CopyFrom(text_value(tag, text))
        summary.value.extend(others)
        if self._begins_file:
            self._described.clear()
        for value in summary.value:
            if value.tag not in self._described:  # TensorBoard reads the first of a file
                value.metadata.summary_description = self._describe(value.tag)
        self._append(Event(wall_time=time.time(), step=step, summary=summary))
        self._described |= {value.tag for value in summary.value}

    def _append(self, event: Any) -> None:
        if self._file is not None and self._begins_file:
            self._tell_of_loss()
            self.close()
        if self._file is None:
            self.begin()
        self._write_whole(event)

    def begin(self, alone: bool = False) -> None:
        """Make the file; errors as of ``write``.

        Args:
            alone: whether it is to be the only one, so that a run that is over is company too.
        """
        from tensorboard.compat.proto.event_pb2 import Event

        self.log_dir.mkdir(parents=True, exist_ok=True)
        # The name TensorBoard looks for; the clock's nanoseconds keep two logs apart.
        name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}"
        name = f"{name}.{os.getpid()}.{time.monotonic_ns()}.normlayers.v2"
        with _CHANGING:
            self.refuse_company(alone)
            self._file = (self.log_dir / name).absolute().open("xb", buffering=0)
            try:
                _lock(self._file)
                self.refuse_company(alone)  # of another process, which has begun since
            except BlockingIOError:
                Path(self._file.name).unlink()
                self.close()
                raise
            self._begun += 1
            _OPEN.add(self)
        # Where nobody closes it.
        self._finalizer = weakref.finalize(self, self._file.close)
        self._write_whole(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def _write_whole(self, event: Any) -> None:
        """Write an event whole, or leave the file as it was."""
        assert self._file is not None
        left, end = record(event.SerializeToString()), self._file.tell()
        try:
            while left:  # a disk that is all but full takes a part
                left = left[self._file.write(left) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(end)
            raise

    def _tell_of_loss(self) -> None:
        if not self._warned:
            warn_without_raising(
                f"the event file in {self.log_dir} was deleted or moved away while it was written "
                "to; what comes from now on goes to another one there",
                stacklevel=2,
            )
        self._warned = True

    def refuse_company(self, alone: bool = False) -> None:
        """Refuse to write where another event log does.

        Args:
            alone: whether also where one has written, or another program.

        Raises:
            BlockingIOError: naming the folder.
        """
        with _CHANGING:
            there = [log for log in _OPEN if log.log_dir == self.log_dir]
        for other in there:
            if other._is_over():
                other.close()
        own = None if self._file is None else Path(self._file.name).name
        for path in self.log_dir.glob(EVENT_FILES if alone else "events.out.tfevents.*.v2"):
            if path.name != own and (alone or _is_locked(path)):
                raise BlockingIOError(
                    f"another tracker is writing to {self.log_dir}; give each run a log_dir "
                    "of its own, or close() that tracker if its training was interrupted."
                )

    def close(self) -> None:
        """Close the file; a later ``write`` begins another."""
        file, self._file = self._file, None
        with _CHANGING:
            _OPEN.discard(self)
        if file is not None:
            if self._finalizer is not None:
                self._finalizer.detach()
            with suppress(OSError):  # a full disk has been told of
                _unlock(file)  # of children of this process too
                file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


# Those that are writing, in this process, and what holds who else begins or ends one.
_OPEN: weakref.WeakSet[EventLog] = weakref.WeakSet()
_CHANGING = threading.RLock()


def _lock(file: IO[bytes]) -> None:
    """Hold a file until it is closed, where the system can; BlockingIOError where another does."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # a file system without locks


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            _lock(file)
    except BlockingIOError:
        return True
    except FileNotFoundError:  # it has just given way
        pass
    return False


def _unlock(file: IO[bytes]) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_UN)
