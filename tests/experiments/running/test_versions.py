"""Versions that results name."""

from pathlib import Path

from normlayers.experiments.running import versions as results


def test_versions_name_the_backend_and_the_code(monkeypatch, tmp_path):
    found = results.versions()
    assert found["backend"] in found
    assert found["normlayers"] == "0.1.0"
    (tmp_path / "one.py").write_text("1")
    monkeypatch.setattr(results, "PACKAGE", tmp_path)
    changed = results.versions()
    (tmp_path / "one.py").write_text("2")
    assert len({found["source"], changed["source"], results.versions()["source"]}) == 3


def test_the_digest_is_of_this_package():
    assert Path(results.PACKAGE, "__init__.py").exists()
