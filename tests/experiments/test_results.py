"""results.json: whole or not at all."""

import json
from pathlib import Path

import pytest

from normlayers.experiments import results


def test_a_failed_write_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "results.json"
    results.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        results.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_versions_name_the_backend_and_the_code(monkeypatch, tmp_path):
    found = results.versions()
    assert found["backend"] in found
    assert found["normlayers"] == "0.1.0"
    (tmp_path / "one.py").write_text("1")
    monkeypatch.setattr(results, "PACKAGE", tmp_path)
    changed = results.versions()
    (tmp_path / "one.py").write_text("2")
    assert len({found["source"], changed["source"], results.versions()["source"]}) == 3


def test_device_is_named():
    assert "cores" in results.device()
    assert Path(results.PACKAGE, "__init__.py").exists()
