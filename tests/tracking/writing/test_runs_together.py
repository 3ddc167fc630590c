"""Runs that begin at the same time in a folder of one name, as those of a search in parallel."""

import subprocess
import sys
import threading
import warnings

import pytest

from normlayers.tracking.writing.run_folder import RunFolder
from tests.tensorboard_reader import Read

TOGETHER = """
import sys, time, warnings
from pathlib import Path
from normlayers.tracking.writing.run_folder import RunFolder
warnings.simplefilter("ignore")
folder, ready, number, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
run = RunFolder(folder)
run.settle()
(ready / str(number)).touch()
while len(list(ready.iterdir())) < count:
    time.sleep(0.001)
run.write(number, {"loss": 1.0})
run.close()
"""


def test_processes_that_begin_together_each_have_a_folder(tmp_path):
    """The quickest is done before the last one writes."""
    ready, count = tmp_path / "ready", 6
    ready.mkdir()
    words = [sys.executable, "-c", TOGETHER, str(tmp_path / "run"), str(ready)]
    started = [subprocess.Popen([*words, str(i), str(count)]) for i in range(count)]
    assert [process.wait() for process in started] == [0] * count
    steps = [
        Read(folder).steps("loss")
        for folder in tmp_path.glob("run*")
        if any(folder.iterdir())  # two that saw each other both go on
    ]
    assert sorted(steps) == [[i] for i in range(count)]


def test_threads_that_begin_together_each_have_a_folder(tmp_path):
    count, failures = 8, []
    together = threading.Barrier(count)

    def run(number):
        try:
            folder = RunFolder(tmp_path / "run")
            folder.settle()
            together.wait()
            assert folder.claim() == folder.path
            folder.write(number, {"loss": 1.0})
            folder.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    folders = [tmp_path / "run", *(tmp_path / f"run-{i}" for i in range(2, count + 1))]
    assert sorted(Read(folder).steps("loss") for folder in folders) == [[i] for i in range(count)]


def test_a_run_that_came_and_went_since_is_not_written_into(tmp_path):
    late, early = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "run")
    for folder in (late, early):
        folder.settle()
    early.write(0, {"loss": 1.0})
    early.close()
    with pytest.warns(UserWarning, match="another run has begun in .*run; this one .*run-2"):
        late.write(7, {"loss": 1.0})
    late.write(8, {"loss": 1.0})
    assert late.path == tmp_path / "run-2"
    assert (Read(early.path).steps("loss"), Read(late.path).steps("loss")) == ([0], [7, 8])
