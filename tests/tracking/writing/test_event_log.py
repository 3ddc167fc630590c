"""Event files, read back with TensorBoard's own reader. Covers too: summary_values.py."""

import gc
import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from normlayers.pictures.png import to_png
from normlayers.tracking.writing.event_log import EventLog
from tests.tensorboard_reader import Read


def test_tensorboard_reads_what_was_written(tmp_path):
    png = to_png(Figure(figsize=(2, 1), dpi=50))
    histogram = (0.0, 11.0, np.array([5, 0, 7]))
    with EventLog(tmp_path / "run") as log:
        for step in (0, 20):
            log.write(step, {"loss": step / 10}, {"activations/h": histogram}, {"network": png})
    read = Read(tmp_path / "run")
    assert read.tags("scalars") == {"loss"}
    assert read.tags("histograms") == {"activations/h"}
    assert read.tags("images") == {"network"}
    assert read.steps("loss") == [0, 20]
    np.testing.assert_allclose(read.values("loss"), [0, 2])
    rows = read.values("activations/h")[0]
    np.testing.assert_allclose(rows, [[0, 11 / 3, 5], [11 / 3, 22 / 3, 0], [22 / 3, 11, 7]])
    width, height, image = read.values("network")[0]
    assert (int(width), int(height)) == (100, 50)
    assert Image.open(io.BytesIO(image)).size == (100, 50)


def test_every_write_can_be_read_before_the_file_is_closed(tmp_path):
    log = EventLog(tmp_path)
    log.write(1, {"a": 0.5})
    assert Read(tmp_path).steps("a") == [1]
    log.close()


def test_nothing_is_made_before_the_first_write(tmp_path):
    EventLog(tmp_path / "run").close()
    assert not (tmp_path / "run").exists()


def test_two_logs_in_one_folder_are_two_files(tmp_path):
    for _ in range(2):
        with EventLog(tmp_path) as log:
            log.write(0, {"a": 1})
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2


def test_writes_without_importing_tensorflow(tmp_path):
    code = (
        "import sys, types\n"
        "package = types.ModuleType('normlayers'); package.__path__ = [sys.argv[1]]\n"
        "sys.modules['normlayers'] = package\n"  # the package itself imports Keras
        "from normlayers.tracking.writing.event_log import EventLog\n"
        "EventLog(sys.argv[2]).write(0, {'a': 1.0}, {'h': (1.0, 2.0, [3, 4])})\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    package = __import__("normlayers").__path__[0]
    subprocess.run([sys.executable, "-c", code, package, str(tmp_path)], check=True)


def test_a_histogram_of_equal_values_has_them_in_its_middle(tmp_path):
    counts = np.zeros(30)
    counts[0] = 9
    with EventLog(tmp_path) as log:
        log.write(0, histograms={"h": (2.0, 2.0, counts)})
    rows = Read(tmp_path).values("h")[0]
    ((left, right, count),) = rows[rows[:, 2] > 0]
    assert left <= 2 <= right
    assert count == 9


def test_two_logs_at_once_in_one_folder_are_refused(tmp_path):
    first = EventLog(tmp_path)
    first.write(0, {"a": 1})
    second = EventLog(tmp_path)
    with pytest.raises(BlockingIOError, match="another tracker is writing"):
        second.write(0, {"a": 2})
    first.write(1, {"a": 1})
    first.close()
    second.write(0, {"a": 2})
    second.close()
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2


def test_a_killed_process_loses_nothing_it_had_written(tmp_path):
    code = (
        "import os, sys\n"
        "from normlayers.tracking.writing.event_log import EventLog\n"
        "log = EventLog(sys.argv[1])\n"
        "for step in range(5): log.write(step, {'a': step})\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert Read(tmp_path).steps("a") == [0, 1, 2, 3, 4]
    with EventLog(tmp_path) as log:  # what held the folder is gone
        log.write(5, {"a": 5})


def test_nobody_has_to_close_it(tmp_path):
    log = EventLog(tmp_path)
    log.write(0, {"a": 1})
    file = log._file
    del log
    gc.collect()
    assert file.closed
    with EventLog(tmp_path) as log:
        log.write(1, {"a": 1})


def test_a_record_that_does_not_fit_leaves_no_part_of_it(tmp_path, monkeypatch):
    log = EventLog(tmp_path)
    log.write(0, {"a": 1})
    (path,) = tmp_path.iterdir()
    whole, file = path.read_bytes(), log._file

    class AlmostFull:
        name = file.name
        tell, truncate, close, fileno = file.tell, file.truncate, file.close, file.fileno
        written = 0

        def write(self, record):
            if self.written:
                raise OSError(28, "No space left on device")
            self.written = file.write(record[:9])
            return self.written

    log._file = AlmostFull()
    with pytest.raises(OSError, match="No space left"):
        log.write(1, {"a": 1})
    assert path.read_bytes() == whole
    log.close()
