"""Event files, read back with TensorBoard's own reader."""

import io
import subprocess
import sys

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from normlayers.pictures.png import to_png
from normlayers.tracking.event_log import EventLog
from tests.tracking.reading import Read


def test_tensorboard_reads_what_was_written(tmp_path):
    png = to_png(Figure(figsize=(2, 1), dpi=50))
    values = np.arange(12.0).reshape(3, 4)
    with EventLog(tmp_path / "run") as log:
        for step in (0, 20):
            log.write(step, {"loss": step / 10}, {"activations/h": values}, {"network": png})
    read = Read(tmp_path / "run")
    assert read.tags("scalars") == {"loss"}
    assert read.tags("histograms") == {"activations/h"}
    assert read.tags("images") == {"network"}
    assert read.steps("loss") == [0, 20]
    np.testing.assert_allclose(read.values("loss"), [0, 2])
    histogram = read.values("activations/h")[0]  # rows of left, right, count
    assert histogram[:, 2].sum() == 12
    assert (histogram[0, 0], histogram[-1, 1]) == (0, 11)
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
        "from normlayers.tracking.event_log import EventLog\n"
        "EventLog(sys.argv[2]).write(0, {'a': 1.0}, {'h': [1.0, 2.0]})\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    package = __import__("normlayers").__path__[0]
    subprocess.run([sys.executable, "-c", code, package, str(tmp_path)], check=True)
