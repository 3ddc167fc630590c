"""Snapshots as records of an event file, which TensorBoard keeps for this plugin."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from normlayers.explorer.snapshot import CorruptSnapshotError

EVENT_FILES = "events.out.tfevents.*"  # what TensorBoard looks for
PLUGIN = "normlayers"
TAG = "normlayers/snapshots"
FORMAT = 1
# A tenth smaller than at 1, within a millisecond; more gains next to nothing.
_LEVEL = 4


def snapshot_value(snapshot: bytes, meta: dict[str, Any] | None = None) -> Any:
    """The summary value of one observation, under ``TAG``.

    It is a sequence of one or two blobs, deflated: the snapshot and, where it is news, what
    describes the run. Blobs, as TensorBoard reads those one by one; of a value without a data
    class it keeps none.

    Args:
        snapshot: from ``snapshot.encode``.
        meta: of this snapshot and those after it.
    """
    # Loaded late: TensorBoard's modules cost a second that a user of the layers need not pay.
    from tensorboard.compat.proto.summary_pb2 import (
        DATA_CLASS_BLOB_SEQUENCE,
        Summary,
        SummaryMetadata,
    )
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    blobs = [deflate(snapshot)]
    if meta is not None:
        text = json.dumps(meta, separators=(",", ":"), allow_nan=False)
        blobs.append(deflate(text.encode()))
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(blobs))])
    metadata = SummaryMetadata(data_class=DATA_CLASS_BLOB_SEQUENCE)
    metadata.plugin_data.plugin_name = PLUGIN
    return Summary.Value(
        tag=TAG,
        metadata=metadata,
        tensor=TensorProto(dtype=DT_STRING, string_val=blobs, tensor_shape=shape),
    )


def deflate(content: bytes) -> bytes:
    """A blob of some content."""
    return zlib.compress(content, _LEVEL)


def inflate(blob: bytes) -> bytes:
    """A blob's content.

    Raises:
        CorruptSnapshotError: it is cut off, or its checksum is another.

    Example:
        >>> inflate(zlib.compress(b"whole"))
        b'whole'
    """
    try:
        return zlib.decompress(blob)
    except zlib.error as error:
        raise CorruptSnapshotError(f"a record of {len(blob)} bytes is damaged: {error}") from None


def inflate_meta(blob: bytes) -> dict[str, Any]:
    """What describes a run, from its blob.

    Raises:
        CorruptSnapshotError: it cannot be read, or is of a later version of this package.
    """
    text = inflate(blob)
    try:
        meta = json.loads(text)
        version = meta["format"]
    except (ValueError, KeyError, TypeError):
        raise CorruptSnapshotError("a run's description cannot be read") from None
    if version != FORMAT:
        raise CorruptSnapshotError(
            f"the snapshots are of format {version}, and this version of normlayers reads "
            f"{FORMAT}; install the version that wrote them, or a later one"
        )
    return dict(meta)


def event_records(path: Path) -> Iterator[bytes]:
    """An event file's records, as far as it is whole; TensorBoard's own reader needs TensorFlow."""
    with path.open("rb") as file:
        left = path.stat().st_size
        # Each has its length in 8 bytes and a checksum of 4 before it, and one of 4 after it.
        while len(head := file.read(12)) == 12:
            length = int.from_bytes(head[:8], "little")
            left -= length + 16
            if left < 0:
                return
            yield file.read(length)
            file.read(4)


def events(path: Path) -> Iterator[Any]:
    """The events of an event file, up to one that cannot be read: nothing after it can be trusted.

    Args:
        path: of the file.
    """
    # Loaded late: TensorBoard's modules cost a second.
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorboard.compat.proto.event_pb2 import Event

    for record in event_records(path):
        try:
            yield Event.FromString(record)
        except DecodeError:
            return
