"""TensorBoard event files, written without TensorFlow."""

from __future__ import annotations

import os
import socket
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from normlayers.explorer.records import EVENT_FILES as EVENT_FILES
from normlayers.tracking.guard import warn_without_raising
from normlayers.tracking.writing.records import record
from normlayers.tracking.writing.tag_descriptions import tag_description

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

OWN_EVENT_FILES = f"{EVENT_FILES}.normlayers.v2"

Histogram = tuple[float, float, npt.NDArray[Any]]


class EventLog:
    """Writes one TensorBoard event file.

    The file is made by the first ``write``, and flushed by each: a killed process loses at most
    the observation under way. Where the file has been deleted or moved away, one warning says so
    and another one is begun.

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
        self._begun = 0
        self._warned = False

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
            summary.value.add().CopyFrom(_scalar_value(tag, number))
        for tag, values in (histograms or {}).items():
            summary.value.add().CopyFrom(_histogram_value(tag, *values))
        for tag, pngs in (images or {}).items():
            several = [pngs] if isinstance(pngs, bytes) else list(pngs)
            summary.value.add().CopyFrom(_image_value(tag, several))
        for tag, text in (texts or {}).items():
            summary.value.add().CopyFrom(_text_value(tag, text))
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
            self._begin()
        self._write_whole(event)

    def _begin(self) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self.log_dir.mkdir(parents=True, exist_ok=True)
        # The name TensorBoard looks for; the clock's nanoseconds keep two logs apart.
        name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}"
        name = f"{name}.{os.getpid()}.{time.monotonic_ns()}.normlayers.v2"
        self.refuse_company()
        self._file = (self.log_dir / name).absolute().open("xb", buffering=0)
        self._begun += 1
        _OPEN.add(self)
        _lock(self._file)
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

    def refuse_company(self) -> None:
        """Refuse to write where another event log does.

        Raises:
            BlockingIOError: naming the folder.
        """
        for other in [log for log in _OPEN if log.log_dir == self.log_dir and log._is_over()]:
            other.close()
        for path in self.log_dir.glob("events.out.tfevents.*.v2"):
            with path.open("rb") as file:
                try:
                    _lock(file)
                except BlockingIOError:
                    raise BlockingIOError(
                        f"another tracker is writing to {self.log_dir}; give each run a log_dir "
                        "of its own, or close() that tracker if its training was interrupted."
                    ) from None

    def close(self) -> None:
        """Close the file; a later ``write`` begins another."""
        file, self._file = self._file, None
        _OPEN.discard(self)
        if file is not None:
            self._finalizer.detach()
            with suppress(OSError):  # a full disk has been told of
                _unlock(file)  # of children of this process too
                file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


# Those that are writing, in this process.
_OPEN: weakref.WeakSet[EventLog] = weakref.WeakSet()


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


def _unlock(file: IO[bytes]) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_UN)


def _scalar_value(tag: str, number: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_FLOAT
    from tensorboard.plugins.scalar.metadata import create_summary_metadata

    # What TensorBoard's own scalar_pb makes, in a tenth of its time.
    tensor = TensorProto(dtype=DT_FLOAT, float_val=[number], tensor_shape=TensorShapeProto())
    metadata = create_summary_metadata(display_name=None, description="")
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def _histogram_value(tag: str, low: float, high: float, counts: npt.NDArray[Any]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.histogram.metadata import create_summary_metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    if low == high:  # of equal values, which are all in the first bin
        low, high, counts = low - 0.5, high + 0.5, np.roll(counts, len(counts) // 2)
    edges = np.linspace(low, high, len(counts) + 1)
    # The histogram plugin's format: left edge, right edge and count of each bin.
    bins = np.stack([edges[:-1], edges[1:], counts], axis=1)
    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        # Single precision, which the values have, is half of the size.
        tensor=make_tensor_proto(bins, dtype=np.float32),
    )


def _image_value(tag: str, pngs: Sequence[bytes]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.image.metadata import create_summary_metadata

    # The image plugin's format: width, height, then the encoded images. A PNG's header has both
    # at bytes 16 to 24.
    width, height = (int.from_bytes(pngs[0][at : at + 4], "big") for at in (16, 20))
    strings = [str(width).encode(), str(height).encode(), *pngs]
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(strings))])
    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        tensor=TensorProto(dtype=DT_STRING, string_val=strings, tensor_shape=shape),
    )


def _text_value(tag: str, text: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.plugins.text.metadata import create_summary_metadata

    return Summary.Value(
        tag=tag,
        metadata=create_summary_metadata(display_name=None, description=""),
        tensor=TensorProto(
            dtype=DT_STRING, string_val=[text.encode()], tensor_shape=TensorShapeProto()
        ),
    )
