"""Arms made on the workers of a Dask cluster: the same arrays, and what happens when some end."""

import io
import os
import threading
import time
from functools import partial

import numpy as np
import pytest
from rich.console import Console

from normlayers.experiments.deep_networks import experiment as deep_networks
from normlayers.experiments.input_normalization import experiment as input_normalization
from normlayers.experiments.running import workers
from normlayers.experiments.running.arms import (
    Kept,
    each_alone,
    here_or_on_workers,
    take_up_or_make,
)
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.usage_error import UsageError
from normlayers.experiments.scaling_methods import experiment as scaling_methods
from normlayers.experiments.two_neuron_ensemble import experiment as two_neuron_ensemble
from tests.experiments.running import worker_arms

distributed = pytest.importorskip("distributed")

MAKERS = ("normlayers.statistics.moments",)
ARMS = ["a", "b", "c"]
PATIENCE = 60


def local_cluster(**options):
    return distributed.LocalCluster(dashboard_address=":0", threads_per_worker=1, **options)


@pytest.fixture(scope="module")
def cluster():
    """Two processes."""
    with local_cluster(n_workers=2) as cluster:
        yield cluster


@pytest.fixture
def in_process():
    """A worker that is a thread of this process."""
    with local_cluster(n_workers=1, processes=False) as cluster:
        yield cluster


def make_all(path, make_arm, scheduler, console=None, arms=ARMS):
    directory = LogDirectory(path, "circle", arms, {"seed": 0}, {}, more_arm_files=["networks.npy"])
    with here_or_on_workers(scheduler, directory, make_arm, MAKERS) as make:
        directory.open()
        try:
            console = console or Console(file=io.StringIO(), width=80)
            take_up_or_make(directory, arms, make, console, each=10)
        finally:
            directory.close()
    return directory


def wait_for(file):
    until = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < until, file
        time.sleep(0.01)


def everything_kept(path):
    """By arm and file, all arrays, as bytes."""
    kept = {}
    for file in sorted(path.glob("*/*.np[yz]")):
        found = np.load(file)
        arrays = dict(found) if file.suffix == ".npz" else {"": found}
        for name, array in arrays.items():
            kept[file.parent.name, name] = (array.dtype, array.shape, array.tobytes())
    return kept


def test_arms_are_made_by_the_workers_and_kept_here(tmp_path, cluster):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    directory = make_all(tmp_path, worker_arms.quick, cluster.scheduler_address, console)
    for arm in ARMS:
        found = directory.finished(arm)
        assert found["measures"]["pid"] != os.getpid()
        assert found["runtime_seconds"] > 0
        assert (tmp_path / arm / "networks.npy").read_bytes() == arm.encode()
        assert directory.kept_arrays(arm, "networks.npz")["loss"].tolist() == [ord(arm)] * 3
    assert "30/30" in console.file.getvalue()


EXPERIMENTS = {
    "two_neuron_ensemble": (
        two_neuron_ensemble,
        {"networks": 70, "epochs": 2, "arms": ["relu-shift-10", "tanh-bn-pre"]},
    ),
    "deep_networks": (
        deep_networks,
        {
            "networks": 3, "epochs": 1, "width": 4,
            "arms": [
                "relu-bn-pre-raw-depth-2", "relu-bn-pre-raw-depth-2-fixed",
                "tanh-none-standardized-depth-2",
            ],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_has_the_same_results(name, tmp_path, cluster):
    experiment, options = EXPERIMENTS[name]
    here, there = (
        experiment.run(
            tmp_path / where, **options, scheduler=scheduler, console=Console(file=io.StringIO())
        )
        for where, scheduler in (("here", None), ("there", cluster.scheduler_address))
    )
    kept = everything_kept(tmp_path / "here")
    assert kept
    assert everything_kept(tmp_path / "there") == kept
    for same in ("measures", "claims", "arguments", "versions", "figures"):
        assert there[same] == here[same]
    # What workers have made is taken up without them, with its event files.
    files = {file: file.read_bytes() for file in (tmp_path / "there").glob("*/*")}
    experiment.run(tmp_path / "there", **options, console=Console(file=io.StringIO()))
    assert {file: file.read_bytes() for file in (tmp_path / "there").glob("*/*")} == files


MADE_ALONE = {
    "input_normalization": (
        input_normalization,
        ["wine-tanh-standardized", "fit-standardized"],
    ),
    "scaling_methods": (scaling_methods, ["neighbours-wine", "relu-min_max", "tanh-times-1e2"]),
}


@pytest.mark.parametrize("name", MADE_ALONE)
def test_arms_have_the_same_arrays(name, tmp_path, cluster):
    experiment, arms = MADE_ALONE[name]
    arguments = {"seed": 0, "networks": 3, "splits": 2, "epochs": 1}
    make_arm = partial(experiment._make_arm, arguments)
    here, there = (
        make_all(tmp_path / where, make_arm, scheduler, arms=arms)
        for where, scheduler in (("here", None), ("there", cluster.scheduler_address))
    )
    kept = everything_kept(tmp_path / "here")
    assert kept
    assert everything_kept(tmp_path / "there") == kept
    for arm in arms:
        assert there.finished(arm).get("measures") == here.finished(arm).get("measures")
        events = "*tfevents*"
        assert len(list((tmp_path / "there" / arm).glob(events))) == arm.startswith("fit-")


@pytest.mark.parametrize(
    "experiment", [two_neuron_ensemble, input_normalization, deep_networks, scaling_methods]
)
def test_every_experiment_refuses_before_it_writes(experiment, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT", 0.1)
    with pytest.raises(UsageError, match="there is no Dask scheduler at"):
        experiment.run(tmp_path / "logs", scheduler="tcp://127.0.0.1:1")
    assert list(tmp_path.iterdir()) == []


def test_arms_of_a_group_are_made_by_one_worker(tmp_path, cluster):
    directory = LogDirectory(tmp_path, "circle", ARMS, {"seed": 0}, {})
    directory.open()
    with workers.on_workers(
        cluster.scheduler_address, directory, worker_arms.quick, MAKERS, lambda arms: [arms[::-1]]
    ) as make:
        made = {
            arm: kept.measures["pid"] for arm, _, kept in make(ARMS, lambda arm: lambda n: None)
        }
    assert list(made) == ["c", "b", "a"]
    assert len(set(made.values())) == 1


def test_what_is_under_way_is_stopped_by_an_interruption(tmp_path, cluster):
    directory = LogDirectory(tmp_path / "logs", "circle", ARMS, {"seed": 0}, {})
    directory.open()
    make_arm = partial(worker_arms.endless, tmp_path)
    with workers.on_workers(
        cluster.scheduler_address, directory, make_arm, MAKERS, each_alone
    ) as make:
        making = make(["a", "b"], lambda arm: lambda n: None)
        assert next(making)[0] == "a"
        wait_for(tmp_path / "begun")
        making.close()
        wait_for(tmp_path / "stopped")


def test_an_arm_is_made_again_when_its_worker_is_killed(tmp_path, cluster):
    make_arm = partial(worker_arms.killed_once, tmp_path)
    directory = make_all(tmp_path / "logs", make_arm, cluster.scheduler_address)
    assert (tmp_path / "killed").exists()
    assert directory.kept_arrays("b", "networks.npz")["loss"].tolist() == [ord("b")] * 3


def test_an_arm_that_ends_every_worker_leaves_the_others(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    make_arm = partial(worker_arms.killed_always, tmp_path)
    with pytest.raises(ConnectionError, match=r"1 Dask workers ended while they made b, .*kept"):
        make_all(tmp_path, make_arm, cluster.scheduler_address, arms=["a", "b"])
    assert (tmp_path / "a" / "arm.json").exists()
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("lost", ["workers", "scheduler"])
def test_a_lost_cluster_ends_the_run(lost, tmp_path, in_process, monkeypatch):
    monkeypatch.setattr(workers, "LOOK", 0.1)
    monkeypatch.setattr(workers, "WITHOUT_WORKERS", 0.1)

    def lose():
        wait_for(tmp_path / "begun")
        if lost == "workers":
            in_process.scale(0)
        else:
            in_process.close(timeout=1)

    losing = threading.Thread(target=lose)
    losing.start()
    make_arm = partial(worker_arms.endless, tmp_path)
    try:
        with pytest.raises(
            ConnectionError, match="scheduler or all its workers are lost; the arms"
        ):
            make_all(tmp_path / "logs", make_arm, in_process.scheduler_address)
    finally:
        (tmp_path / "enough").touch()
        losing.join()
    assert (tmp_path / "logs" / "a" / "arm.json").exists()


def refused(path, scheduler):
    with pytest.raises(UsageError) as error:
        make_all(path / "logs", worker_arms.quick, scheduler)
    assert not (path / "logs").exists()
    return str(error.value)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere://x", "127.0.0.1:many"])
def test_a_scheduler_that_is_not_there(address, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT", 0.5)
    assert refused(tmp_path, address).startswith(f"there is no Dask scheduler at '{address}' (")


def test_a_scheduler_without_workers(tmp_path):
    with local_cluster(n_workers=0, processes=False) as cluster:
        assert "has no worker; start some" in refused(tmp_path, cluster.scheduler_address)


def test_another_version_on_a_worker_or_the_scheduler(tmp_path, in_process, monkeypatch):
    address = in_process.scheduler_address
    ours = workers.worker_versions(MAKERS)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "worker_versions", lambda makers: ours | {"source": "x"})
        assert "has other code of normlayers than this process" in refused(tmp_path, address)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "versions_of_worker", unable)
        assert "cannot run these experiments (ImportError: no Keras);" in refused(tmp_path, address)
    its = distributed.Client.get_versions

    def older(client):
        versions = its(client)
        versions["scheduler"]["packages"]["dask"] = "2020.1"
        return versions

    monkeypatch.setattr(distributed.Client, "get_versions", older)
    assert f"the scheduler at {address} has dask 2020.1 where" in refused(tmp_path, address)


async def unable(makers):
    raise ImportError("no Keras")


def test_dask_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert "install it with `pip install 'normlayers[dask]'`" in refused(tmp_path, "127.0.0.1:1")


def test_without_a_scheduler_this_process_makes_the_arms(tmp_path):
    directory = make_all(tmp_path, worker_arms.quick, None)
    assert directory.finished("a")["measures"] == {"pid": os.getpid()}
    assert isinstance(worker_arms.quick("a", tmp_path, lambda n: None), Kept)
