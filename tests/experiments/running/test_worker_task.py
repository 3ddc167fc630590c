"""What a worker does, without Dask: what it returns and reports, and when it ends early."""

import asyncio
import pickle
from functools import partial

import pytest

from normlayers.ensembles.side_by_side import StoppedError
from normlayers.experiments.running import worker_task
from normlayers.experiments.running.usage_error import UsageError
from normlayers.experiments.running.worker_task import (
    WorkerTask,
    difference,
    stop,
    versions_of_worker,
    worker_versions,
)
from tests.experiments.running import worker_arms

MAKERS = ("normlayers.statistics.moments",)


def sent(run, make_arm, versions=None):
    task = WorkerTask(run, make_arm, MAKERS, versions or worker_versions(MAKERS))
    return pickle.loads(pickle.dumps(task))


def test_all_that_an_arm_keeps_is_returned(monkeypatch):
    monkeypatch.setattr(worker_task, "REPORT_EVERY", 0)
    reports = []
    made = sent("r1", worker_arms.quick)(["a", "b"], lambda *report: reports.append(report))
    assert [one.arm for one in made] == ["a", "b"]
    assert made[1].files == {"networks.npy": b"b"}
    assert made[1].kept.arrays["networks.npz"]["loss"].tolist() == [ord("b")] * 3
    assert made[1].seconds > 0
    assert reports == [("a", 0), ("a", 10), ("b", 0), ("b", 10)]


def test_progress_is_reported_in_few_messages(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_task, "REPORT_EVERY", 3600)
    reports = []
    sent("r2", worker_arms.quick)(["a"], lambda *report: reports.append(report))
    assert reports == [("a", 0)]


def test_a_stopped_run_ends_at_its_next_progress(tmp_path):
    asyncio.run(stop("r3"))
    with pytest.raises(StoppedError):
        sent("r3", partial(worker_arms.endless, tmp_path))(["b"], lambda *report: None)
    sent("r4", worker_arms.quick)(["b"], lambda *report: None)


def test_a_worker_with_other_versions_makes_nothing():
    other = worker_versions(MAKERS) | {"keras": "2.0"}
    with pytest.raises(UsageError, match=r"joined later has keras 3.* this process has 2.0;"):
        sent("r5", worker_arms.quick, other)(["a"], lambda *report: None)


def test_a_worker_names_its_versions():
    assert asyncio.run(versions_of_worker(MAKERS)) == worker_versions(MAKERS)


def test_a_missing_library_and_other_code_are_named():
    missing = difference("worker 1", {}, {"torch": "2.13"})
    assert missing.startswith("worker 1 has torch None where this process has 2.13;")
    code = difference("worker 1", {"source": "a"}, {"source": "b"})
    assert code.startswith("worker 1 has other code of normlayers than this process;")
