"""A cluster of two processes: killed workers, other versions, Ctrl-C, memory."""

import os
import select
import signal
import subprocess
import sys
import threading
import time

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster, get_worker

import normlayers as nl

X = np.random.default_rng(0).normal(1e6, 3, (4000, 3))


@pytest.fixture(scope="module")
def client():
    """Of a cluster that gives up a task after one worker has died of it."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="1GB", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def expected():
    layer = nl.Standardize()
    layer.adapt(X)
    return layer.get_weights()[:2]


def parts(load, count=8):
    """Delayed batches of X, that a worker gets from ``load(its number, batch)``."""
    return [dask.delayed(load)(*entry) for entry in enumerate(np.split(X, count))]


def test_counted_where_the_data_are_and_only_counts_travel(client):
    """Neither are the workers' processes made to import Keras."""
    data = da.from_array(X, chunks=(500, 2)).persist()
    layer = nl.Standardize()
    layer.adapt(data)
    for one, other in zip(layer.get_weights()[:2], expected(), strict=True):
        np.testing.assert_array_equal(one, other)
    imported = client.run(lambda: "keras" in __import__("sys").modules)
    assert not any(imported.values())


def die_once(marker):
    def load(number, batch):
        if number == 5 and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    return load


def test_a_killed_worker_changes_no_bit(client, tmp_path):
    layers = {"a": nl.Standardize(), "b": nl.MinMaxScale()}
    marker = str(tmp_path / "killed")
    frames = [{"a": part, "b": part} for part in parts(die_once(marker))]
    nl.adapt(layers, [dask.delayed(frame) for frame in frames])
    assert os.path.exists(marker)
    for one, other in zip(layers["a"].get_weights()[:2], expected(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(layers["b"].get_weights()[0], X.min(axis=0).astype("float32"))
    client.wait_for_workers(2, timeout=60)


def test_a_partition_that_kills_every_worker_is_one_error(client):
    def load(number, batch):
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return batch

    layer = nl.Standardize()
    with pytest.raises(RuntimeError, match=r"ended before all data were counted.*KilledWorker"):
        layer.adapt(parts(load))
    assert not layer.built
    client.wait_for_workers(2, timeout=60)


@pytest.mark.parametrize("package", ["normlayers", "dask"])
def test_another_version_on_the_workers_is_one_error(client, package):
    def set_version(version):
        module = __import__(package)
        module.__version__, before = version, module.__version__
        return before

    before = client.run(set_version, "0.0.9")
    try:
        layer = nl.Standardize()
        with pytest.raises(RuntimeError, match=f"{package} 0.0.9.* on a worker.*on the client"):
            layer.adapt(da.ones((10, 2)))
        assert not layer.built
    finally:
        client.run(set_version, next(iter(before.values())))


def test_nan_is_named_by_partition_and_feature(client):
    def load(number, batch):
        return np.where((number == 4) & (np.arange(3) == 2), np.nan, batch)

    with pytest.raises(ValueError, match=r"adapt\(\): partition 4: feature 2 has 500 NaN"):
        nl.Standardize().adapt(parts(load))


def test_a_scheduler_that_goes_away_is_one_error(client, tmp_path):
    def load(number):
        (tmp_path / str(number)).touch()
        time.sleep(0.2)
        return np.ones((3, 2))

    def close_when_it_has_begun():
        while not any(tmp_path.iterdir()):
            time.sleep(0.05)
        cluster.close()

    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    layer = nl.Standardize()
    with Client(cluster) as other, other.as_current():
        closing = threading.Thread(target=close_when_it_has_begun)
        closing.start()
        with pytest.raises(RuntimeError, match="before all data were counted"):
            layer.adapt([dask.delayed(load)(number) for number in range(400)])
        closing.join()
    assert not layer.built


INTERRUPTED = """
import signal, sys, time, dask, numpy as np, normlayers as nl
from distributed import Client
# A shell's background processes, and so these tests in one, ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
def load(folder, number):
    open(f"{folder}/{number}", "w").close()
    time.sleep(0.3)
    return np.ones((3, 2))
if __name__ == "__main__":
    with Client(sys.argv[1]):
        layer = nl.Standardize()
        load = dask.delayed(load)
        try:
            layer.adapt([load(sys.argv[2], number) for number in range(400)])
        except KeyboardInterrupt:
            assert not layer.built
            print("interrupted", flush=True)
            time.sleep(600)
"""


def test_ctrl_c_cancels_what_is_left(client, tmp_path):
    address = client.scheduler.address
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, address, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        try:
            while not any(tmp_path.iterdir()):
                assert process.poll() is None
                time.sleep(0.1)
            # As people press it again: Python drops an interruption that falls into a callback.
            for _ in range(3):
                process.send_signal(signal.SIGINT)
                if select.select([process.stdout], [], [], 20)[0]:
                    break
            assert process.stdout.readline().strip() == b"interrupted"
            while any(client.processing().values()):
                time.sleep(0.1)
            assert len(list(tmp_path.iterdir())) < 400
        finally:
            process.kill()


def test_data_larger_than_the_workers_memory(client):
    """0.8 GB of numbers, made on two workers of 1 GB: a worker holds some blocks at a time."""
    blocks, rows = 50, 500_000

    def load(number):
        get_worker().highest = max(getattr(get_worker(), "highest", 0), memory())
        return np.random.default_rng(number).normal(size=(rows, 8)).astype("float32")

    make = dask.delayed(load)
    layer = nl.Standardize()
    layer.adapt([make(number) for number in range(blocks)])
    assert layer.count == blocks * rows
    assert max(client.run(lambda dask_worker: dask_worker.highest).values()) < 1e9


def memory():
    import psutil

    return psutil.Process().memory_info().rss
