"""Runs read from a folder; those of TensorBoard are read in ``test_plugin``."""

from types import SimpleNamespace

import numpy as np
import pytest

from normlayers.explorer.records import PLUGIN, TAG, snapshot_value
from normlayers.explorer.runs import FolderRuns, ProviderRuns, run_meta
from normlayers.explorer.snapshot import CorruptSnapshotError
from normlayers.tracking.writing.event_log import EventLog
from tests.explorer.recorded_runs import META, snapshot_at, write_other_run, write_run


def test_reads_what_was_written(tmp_path):
    write_run(tmp_path / "a" / "b", range(0, 60, 20))
    write_other_run(tmp_path / "other")
    runs = FolderRuns(tmp_path)
    assert runs.names() == ["a/b", "other"]
    assert runs.read("other") is None
    meta, snapshots = runs.read("a/b")
    assert meta["steps"] == [0, 20, 40]
    assert meta["scalars"] == {"epoch_loss": [[0, 0.0], [20, 0.2], [40, 0.4]]}
    assert (meta["run"], meta["layers"], meta["skipped"]) == ("a/b", META["layers"], [])
    assert snapshots == [snapshot_at(step) for step in (0, 20, 40)]


def test_a_run_that_went_on_is_one(tmp_path):
    write_run(tmp_path, [0, 1])
    write_run(tmp_path, [1, 2], {**META, "unit": "step"})
    meta, snapshots = FolderRuns(tmp_path).read(".")
    assert (meta["steps"], meta["unit"]) == ([0, 1, 2], "step")
    assert snapshots == [snapshot_at(step) for step in (0, 1, 2)]


def test_a_damaged_record_is_skipped_and_said(tmp_path):
    write_run(tmp_path, [0])
    with EventLog(tmp_path) as log:
        value = snapshot_value(snapshot_at(1))
        value.tensor.string_val[0] = value.tensor.string_val[0][:-3]
        log.write(1, others=[value])
        log.write(2, others=[snapshot_value(b"whole, but no snapshot")])
        log.write(3, others=[snapshot_value(snapshot_at(3))])
    meta, snapshots = FolderRuns(tmp_path).read(".")
    assert (meta["steps"], len(snapshots)) == ([0, 3], 2)
    assert [skipped["step"] for skipped in meta["skipped"]] == [1, 2]
    assert "damaged" in meta["skipped"][0]["why"]


def test_what_is_shown_is_not_said_to_be_left_out(tmp_path):
    """As a description may be damaged alone, and a step be written again by a run that went on."""
    write_run(tmp_path, [0])
    described, damaged = (snapshot_value(snapshot_at(step), META) for step in (1, 2))
    described.tensor.string_val[1] = b"damaged"
    damaged.tensor.string_val[0] = b"damaged"
    with EventLog(tmp_path) as log:
        log.write(1, others=[described])
        log.write(2, others=[damaged])
        log.write(2, others=[snapshot_value(snapshot_at(2))])
    meta, snapshots = FolderRuns(tmp_path).read(".")
    assert (meta["steps"], meta["skipped"]) == ([0, 1, 2], [])
    assert snapshots == [snapshot_at(step) for step in (0, 1, 2)]


def test_a_file_that_is_cut_off_is_read_up_to_there(tmp_path):
    write_run(tmp_path, [0, 1, 2])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    assert FolderRuns(tmp_path).read(".")[0]["steps"] == [0, 1]


def test_what_is_no_event_ends_the_file(tmp_path):
    write_run(tmp_path, [0, 1])
    (path,) = tmp_path.iterdir()
    nonsense = b"\xff" * 20
    with path.open("ab") as file:
        file.write(len(nonsense).to_bytes(8, "little") + bytes(4) + nonsense + bytes(4))
    assert FolderRuns(tmp_path).read(".")[0]["steps"] == [0, 1]


def test_snapshots_that_nothing_describes_are_an_error(tmp_path):
    write_run(tmp_path, [0], meta=None)
    with pytest.raises(CorruptSnapshotError, match="no description"):
        FolderRuns(tmp_path).read(".")


def test_a_later_format_is_said(tmp_path):
    write_run(tmp_path, [0], meta={**META, "format": 99})
    with pytest.raises(CorruptSnapshotError, match="format 99"):
        FolderRuns(tmp_path).read(".")


class Listing:
    """A data provider that lists, and fails where anything is read."""

    def list_runs(self, context, *, experiment_id):
        return [SimpleNamespace(run_name=name) for name in ("b", "a", "other")]

    def list_blob_sequences(self, context, *, experiment_id, plugin_name):
        assert plugin_name == PLUGIN
        return {"a": {TAG: None}, "b": {TAG: None}, "other": {"theirs": None}}


def test_the_list_of_runs_reads_none_of_them():
    assert ProviderRuns(Listing()).names(None, "") == (["a", "b"], ["other"])


class Rewritten:
    """A data provider of one run, whose blobs have the same keys whatever is in it."""

    def __init__(self):
        self.written, self.blobs = 0.0, []

    def write(self, snapshot, meta):
        self.written += 1.0
        self.blobs = list(snapshot_value(snapshot, meta).tensor.string_val)

    def read_blob_sequences(self, context, **asked):
        refs = [SimpleNamespace(blob_key=str(i)) for i in range(len(self.blobs))]
        datum = SimpleNamespace(step=0, wall_time=self.written, values=refs)
        return {"run": {TAG: [datum]}}

    def read_scalars(self, context, **asked):
        return {}

    def read_blob(self, context, *, blob_key):
        return self.blobs[int(blob_key)]


def test_a_run_that_took_the_place_of_another_is_read_anew():
    provider = Rewritten()
    runs = ProviderRuns(provider)
    seen = []
    for layer, step in (("former", 1), ("later", 2)):
        described = {**META, "layers": [{**META["layers"][0], "name": layer}]}
        provider.write(snapshot_at(step), described)
        meta = runs.meta(None, "", "run")
        seen.append((meta["layers"][0]["name"], meta["times"]))
        assert runs.snapshot(None, "", "run", 0) == snapshot_at(step)
        (record,) = runs.records(None, "", "run", [0]).values()
        assert record == provider.blobs[0]
    assert seen == [("former", [1.0]), ("later", [2.0])]


def test_scalars_are_as_json_has_them():
    scalars = {
        "epoch_loss": [(0, np.nan), (1, np.inf), (2, 0.123456789)],
        "activity/a/b/dead": [(0, 0.5)],
        "activity/a/neuron_3": [(0, 0.5)],
    }
    assert run_meta("r", META, [0], scalars)["scalars"] == {
        "epoch_loss": [[0, None], [1, None], [2, 0.123457]],
        "activity/a/b/dead": [[0, 0.5]],
    }
