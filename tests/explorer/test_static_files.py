"""What is served to a browser: these files and no others, small, which evaluate nothing."""

import re

from normlayers.explorer import static_files


def test_names_what_is_served_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(static_files, "FOLDER", tmp_path)
    (tmp_path / "view").mkdir()
    for name in ("index.js", "view/plane.js", "style.css", "notes.txt", "secret.py"):
        (tmp_path / name).write_text(name)
    found = static_files.static_files()
    assert list(found) == ["index.js", "style.css", "view/plane.js"]
    assert all(path.read_text() == name for name, path in found.items())


def test_the_files_are_small_and_evaluate_nothing():
    files = [path for path in static_files.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 150_000
    for path in files:
        text = path.read_text()
        assert len(text.splitlines()) <= 320, path
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacent|https?://(?!www\.w3\.org|personal)",
            text,
        ), path
