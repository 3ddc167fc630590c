import json
import zlib

import pytest
from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_BLOB_SEQUENCE

from normlayers.explorer.records import (
    PLUGIN,
    TAG,
    event_records,
    inflate,
    inflate_meta,
    snapshot_value,
)
from normlayers.explorer.snapshot import CorruptSnapshotError


def test_a_value_is_of_blobs_for_this_plugin():
    value = snapshot_value(b"snapshot", {"format": 1})
    assert (value.tag, value.metadata.plugin_data.plugin_name) == (TAG, PLUGIN)
    assert value.metadata.data_class == DATA_CLASS_BLOB_SEQUENCE
    snapshot, meta = value.tensor.string_val
    assert (inflate(snapshot), inflate_meta(meta)) == (b"snapshot", {"format": 1})
    assert len(snapshot_value(b"snapshot").tensor.string_val) == 1


def test_a_cut_or_changed_blob_is_found():
    blob = zlib.compress(bytes(range(256)) * 3)
    for damaged in (blob[:-1], blob[:10], b"", blob[:40] + b"?" + blob[41:]):
        with pytest.raises(CorruptSnapshotError, match="damaged"):
            inflate(damaged)


@pytest.mark.parametrize("text", ["no", "[]", "{}"])
def test_what_describes_nothing_is_found(text):
    with pytest.raises(CorruptSnapshotError, match="description"):
        inflate_meta(zlib.compress(text.encode()))


def test_a_later_format_is_said():
    with pytest.raises(CorruptSnapshotError, match="format 2"):
        inflate_meta(zlib.compress(json.dumps({"format": 2}).encode()))


def test_records_end_where_the_file_is_cut(tmp_path):
    records = [b"first", b"second, longer"]
    parts = [len(r).to_bytes(8, "little") + bytes(4) + r + bytes(4) for r in records]
    path = tmp_path / "events"
    path.write_bytes(b"".join(parts))
    assert list(event_records(path)) == records
    path.write_bytes(b"".join(parts)[:-1])
    assert list(event_records(path)) == records[:1]
