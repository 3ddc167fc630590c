"""Files: whole or not at all."""

import json
import stat

import numpy as np
import pytest

from normlayers.experiments.running.whole_files import write_arrays, write_json


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_files_can_be_read_by_all(tmp_path):
    write_arrays(tmp_path / "networks.npz", {"loss": np.zeros(3)})
    assert stat.S_IMODE((tmp_path / "networks.npz").stat().st_mode) == 0o644
    assert np.load(tmp_path / "networks.npz")["loss"].tolist() == [0, 0, 0]
