"""The plugin in TensorBoard's own server, started in each way there is."""

import json
import shutil
import zlib
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pytest

from normlayers.explorer.plugin import NeuronsLoader
from normlayers.explorer.records import PLUGIN, snapshot_value
from normlayers.explorer.snapshot import encode
from normlayers.explorer.static_files import static_files
from normlayers.tracking.writing.event_log import EventLog
from tests.explorer.recorded_runs import META, snapshot_at, write_other_run, write_run
from tests.explorer.tensorboard_server import tensorboard

WAYS = {
    "as it is": ["--logdir", "{logs}"],
    "load_fast=false": ["--logdir", "{logs}", "--load_fast", "false"],
    "logdir_spec": ["--logdir_spec", "one:{logs}"],
    "path_prefix": ["--logdir", "{logs}", "--path_prefix", "/some/where"],
}
OBSERVATIONS = 1_000
ODD = "a b/<i>'\"&"


def name_of(way):
    return "one/long" if way == "logdir_spec" else "long"


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    write_run(folder / "long", range(0, 2 * OBSERVATIONS, 2))
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_every_observation_is_there(logs, tmp_path, way):
    arguments = [part.format(logs=logs) for part in WAYS[way]]
    prefix = "/some/where" if way == "path_prefix" else ""
    run = name_of(way)

    def steps():
        status, _, body = served.get(f"/meta?run={run}")
        return json.loads(body)["steps"] if status == 200 else []

    with tensorboard(tmp_path, *arguments, prefix=prefix) as served:
        served.wait_for(lambda: len(steps()) == OBSERVATIONS)
        assert json.loads(served.get("/runs")[2])["runs"] == [run]
        assert steps() == list(range(0, 2 * OBSERVATIONS, 2))
        for index in range(OBSERVATIONS):
            status, kind, snapshot = served.get(f"/snapshot?run={run}&index={index}")
            assert (status, kind) == (200, "application/octet-stream")
            assert snapshot == snapshot_at(2 * index)


@pytest.fixture(scope="module", params=["true", "false"], ids=lambda fast: f"load_fast={fast}")
def served(tmp_path_factory, request):
    logs = tmp_path_factory.mktemp("logs")
    write_run(logs / "short", [0, 10])
    write_run(logs / "deleted", [0])
    write_run(logs / ODD, [0])
    write_run(logs / "undescribed", [0], meta=None)
    write_other_run(logs / "other")
    with EventLog(logs / "damaged") as log:
        value = snapshot_value(snapshot_at(0), META)
        value.tensor.string_val[0] = value.tensor.string_val[0][:-3]
        log.write(0, others=[value])
        log.write(1, others=[snapshot_value(snapshot_at(1))])
    (logs / "secret.js").write_text("secret")
    arguments = ["--logdir", str(logs), "--load_fast", request.param]
    with tensorboard(tmp_path_factory.mktemp("environment"), *arguments) as served:
        served.wait_for(lambda: len(json.loads(served.get("/runs")[2])["runs"]) == 5)
        served.wait_for(lambda: b'"steps": [0, 1]' in served.get("/meta?run=damaged")[2])
        served.wait_for(lambda: b'"steps": [0, 10]' in served.get("/meta?run=short")[2])
        served.logs = logs
        yield served


def test_runs_with_and_without_snapshots(served):
    listed = json.loads(served.get("/runs")[2])
    assert listed["runs"] == sorted([ODD, "damaged", "deleted", "short", "undescribed"])
    assert listed["others"] == ["other"]


def test_meta_and_the_loss(served):
    meta = json.loads(served.get("/meta?run=short")[2])
    assert (meta["run"], meta["steps"], meta["layers"]) == ("short", [0, 10], META["layers"])
    assert list(meta["scalars"]) == ["epoch_loss"]
    assert meta["scalars"]["epoch_loss"] == [[0, 0.0], [10, pytest.approx(0.1)]]


def parted(body):
    """The records of an answer of several, or the reasons why they are not there."""
    start = 4 + int.from_bytes(body[:4], "little")
    return {
        one["index"]: one.get("problem") or body[start + one["offset"] :][: one["length"]]
        for one in json.loads(body[4:start])
    }


def test_several_snapshots_are_one_answer(served):
    status, kind, body = served.get("/snapshots?run=short&indices=1,0,7")
    assert (status, kind) == (200, "application/octet-stream")
    found = parted(body)
    assert list(found) == [1, 0, 7]
    assert [zlib.decompress(found[index]) for index in (1, 0)] == [snapshot_at(10), snapshot_at(0)]
    assert "none at 7" in found[7]
    odd = parted(served.get(f"/snapshots?run={quote(ODD)}&indices=0")[2])
    assert zlib.decompress(odd[0]) == snapshot_at(0)


def test_a_damaged_record_does_not_hide_the_others_of_its_answer(served):
    found = parted(served.get("/snapshots?run=damaged&indices=0,1")[2])
    with pytest.raises(zlib.error):
        zlib.decompress(found[0])
    assert zlib.decompress(found[1]) == snapshot_at(1)


def test_a_name_is_taken_as_it_is(served):
    assert json.loads(served.get(f"/meta?run={quote(ODD)}")[2])["run"] == ODD
    assert served.get(f"/snapshot?run={quote(ODD)}&index=0")[2] == snapshot_at(0)


def test_a_damaged_record_is_said_and_the_others_are_there(served):
    status, kind, said = served.get("/snapshot?run=damaged&index=0")
    assert (status, kind) == (404, "text/plain")
    assert b"step 0 of run 'damaged' cannot be read" in said
    assert served.get("/snapshot?run=damaged&index=1")[2] == snapshot_at(1)
    status, _, said = served.get("/meta?run=undescribed")
    assert (status, b"describes it" in said) == (404, True)


@pytest.mark.parametrize(
    "route",
    [
        "/meta",
        "/meta?run=other",
        "/meta?run=nothing",
        "/meta?run=../short",
        "/snapshot?run=short",
        "/snapshot?run=short&index=2",
        "/snapshot?run=short&index=-1",
        "/snapshot?run=short&index=1.5",
        "/snapshot?run=short&index=٣".replace("٣", "%D9%A3"),
        "/snapshot?run=short&index=99999999999999999999",
        "/snapshot?run=other&index=0",
        "/snapshots?run=short",
        "/snapshots?run=short&indices=",
        "/snapshots?run=short&indices=0,",
        "/snapshots?run=short&indices=0,-1",
        "/snapshots?run=short&indices=0,1e3",
        "/snapshots?run=short&indices=../0",
        "/snapshots?run=short&indices=" + "0," * 64 + "0",
        "/snapshots?run=../short&indices=0",
        "/snapshots?run=other&indices=0",
        "/static/",
        "/static/nothing.js",
        "/static/../plugin.py",
        "/static/%2e%2e/plugin.py",
        "/static/..%2fplugin.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/..\\plugin.py",
        "/static/__init__.py",
        "/static/secret.js",
    ],
)
def test_what_is_not_known_is_refused_in_a_sentence(served, route):
    status, kind, said = served.get(route)
    assert (status, kind) == (404, "text/plain")
    assert len(said.split()) > 1
    assert b"secret" not in said or "secret" in route


def test_a_deleted_run_is_refused(served):
    assert served.get("/snapshot?run=deleted&index=0")[0] == 200
    shutil.rmtree(served.logs / "deleted")
    # The loader may hold what it has read, which is then shown still.
    assert served.get("/snapshot?run=deleted&index=0")[0] in (200, 404)
    assert served.get("/snapshot?run=short&index=0")[0] == 200


def test_a_run_that_took_the_name_of_a_deleted_one_is_its_own(served):
    def served_as(active):
        body = served.get("/snapshot?run=again&index=0")[2]
        return served.get("/meta?run=again")[0] == 200 and body == snapshot_of(active)

    def snapshot_of(active):
        return encode(0, {"active/h": np.full((3, 2), active)})

    for active in (True, False):
        with EventLog(served.logs / "again") as log:
            log.write(0, others=[snapshot_value(snapshot_of(active), META)])
        served.wait_for(lambda active=active: served_as(active))
        shutil.rmtree(served.logs / "again")
        served.wait_for(lambda: served.get("/meta?run=again")[0] == 404)


def test_the_view_is_served(served):
    for name, path in static_files().items():
        status, kind, body = served.get(f"/static/{name}")
        assert (status, body) == (200, path.read_bytes())
        assert kind == {".js": "text/javascript", ".css": "text/css"}.get(path.suffix, kind)


def test_tensorboard_has_the_tab(served):
    listed = json.loads(served.get("/data/plugins_listing", anywhere=True)[2])
    told = listed[PLUGIN]
    assert (told["tab_name"], told["enabled"]) == ("Neurons", True)
    assert told["loading_mechanism"]["type"] == "IFRAME"
    assert told["loading_mechanism"]["module_path"].endswith("/normlayers/static/index.js")


def test_what_the_user_asks_of_samples_goes_first():
    flags = SimpleNamespace(samples_per_plugin={"images": 3, PLUGIN: 7})
    NeuronsLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {"images": 3, PLUGIN: 7}
    flags = SimpleNamespace(samples_per_plugin={"images": 3})
    NeuronsLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {"images": 3, PLUGIN: 0}


def test_without_a_data_provider_there_is_no_plugin():
    assert NeuronsLoader().load(SimpleNamespace(data_provider=None)) is None
