from normlayers.explorer import static_files


def test_names_what_is_served_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(static_files, "FOLDER", tmp_path)
    (tmp_path / "view").mkdir()
    for name in ("index.js", "view/plane.js", "style.css", "notes.txt", "secret.py"):
        (tmp_path / name).write_text(name)
    found = static_files.static_files()
    assert list(found) == ["index.js", "style.css", "view/plane.js"]
    assert all(path.read_text() == name for name, path in found.items())
