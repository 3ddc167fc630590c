"""Files: whole or not at all."""

import json

import pytest

from normlayers.experiments.running.whole_files import write_json


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
