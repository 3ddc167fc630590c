"""Covers too: __main__.py"""

import base64
import json
import os
import re
import zlib

import pytest

from normlayers.explorer import __main__ as command
from normlayers.explorer import static_files
from normlayers.explorer.page import frame_of, page_of, write_page
from normlayers.explorer.runs import FolderRuns
from tests.explorer.recorded_runs import META, snapshot_at, write_other_run, write_run

FILES = {
    "index.js": "import { a } from \"./view/a.js\";\nimport './view/b.js';\n"
    "export function render() { document.body.textContent = a; }\n",
    "view/a.js": 'import {\n  b,\n} from "./b.js";\nexport * from "../index.js";\n',
    "view/b.js": 'const b = "from here"; export { b };\n',
    "style.css": "body { margin: 0 }",
}


@pytest.fixture(autouse=True)
def static(tmp_path, monkeypatch):
    """A small view in the place of the real one."""
    folder = tmp_path / "static"
    monkeypatch.setattr(static_files, "FOLDER", folder)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def held(page, kind):
    (text,) = re.findall(rf"<script [^>]*{kind}[^>]*>(.*?)</script>", page, re.DOTALL)
    return json.loads(text)


def test_holds_the_runs(tmp_path):
    write_run(tmp_path / "logs" / "run", [0, 5])
    page = page_of([FolderRuns(tmp_path / "logs").read("run")], ["other"])
    data = held(page, "normlayers-data")
    assert data["others"] == ["other"]
    assert data["runs"][0]["steps"] == [0, 5]
    (texts,) = re.findall('<script class="normlayers-snapshots"[^>]*>(.*?)</script>', page)
    snapshots = [zlib.decompress(base64.b64decode(text)) for text in texts.split()]
    assert snapshots == [snapshot_at(0), snapshot_at(5)]


def test_names_the_runs_that_are_opened():
    assert held(page_of([], opened=["b", "a"]), "normlayers-data")["opened"] == ["b", "a"]


def test_modules_name_each_other():
    modules = held(page_of([]), "importmap")["imports"]
    assert set(modules) == {f"normlayers/{name}" for name in FILES if name.endswith(".js")}
    texts = {
        name: base64.b64decode(address.partition("base64,")[2]).decode()
        for name, address in modules.items()
    }
    assert '"normlayers/view/a.js"' in texts["normlayers/index.js"]
    assert "'normlayers/view/b.js'" in texts["normlayers/index.js"]
    assert '"normlayers/view/b.js"' in texts["normlayers/view/a.js"]
    assert '"normlayers/index.js"' in texts["normlayers/view/a.js"]
    assert '"from here"' in texts["normlayers/view/b.js"]
    assert "body { margin: 0 }" in page_of([])


def test_no_name_is_run_as_html():
    name = '</script><script>alert("&")</script>'
    page = page_of([({**META, "run": name, "steps": [], "scalars": {}}, [])])
    assert page.count("<script") == 4  # the data, the run's snapshots, the modules, the start
    assert held(page, "normlayers-data")["runs"][0]["run"] == name
    assert "<script>alert" not in frame_of(page)


def test_the_command_writes_a_page(tmp_path, capsys):
    logs, page = tmp_path / "logs", tmp_path / "run.html"
    write_run(logs / "run", [0, 1])
    write_other_run(logs / "other")
    write_run(logs / "undescribed", [0], meta=None)
    assert command.main([str(logs), "-o", str(page)]) == 0
    data = held(page.read_text(), "normlayers-data")
    assert ([meta["run"] for meta in data["runs"]], data["others"]) == (["run"], ["other"])
    told = capsys.readouterr()
    assert "1 run, without 1 run with no snapshots" in told.out
    assert "undescribed" in told.err


def test_the_command_says_what_is_missing(tmp_path, capsys):
    write_other_run(tmp_path / "other")
    assert command.main([str(tmp_path), "-o", str(tmp_path / "run.html")]) == 1
    assert "snapshots=False" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main([str(tmp_path / "nothing"), "-o", str(tmp_path / "run.html")])
    assert "no folder" in capsys.readouterr().err


@pytest.mark.parametrize("output", [".", "nowhere/run.html"])
def test_a_page_that_cannot_be_written_is_one_sentence(tmp_path, capsys, output):
    write_other_run(tmp_path / "other")
    with pytest.raises(SystemExit) as stopped:
        command.main([str(tmp_path), "-o", str(tmp_path / output)])
    assert stopped.value.code == 2
    assert "is no file in a folder that is there" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["x" * 300 + ".html", "/proc/x.html"])
def test_so_is_one_that_the_system_refuses(tmp_path, capsys, output):
    write_run(tmp_path / "run", [0])
    assert command.main([str(tmp_path), "-o", str(tmp_path / output)]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "cannot be written: " in said


def test_an_earlier_page_stays_where_writing_fails(tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_text("earlier")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_page(page, [])
    assert page.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]


def test_a_folder_that_is_not_there_is_told_with_the_page_that_was_asked_for(tmp_path):
    path = tmp_path / "none" / "page.html"
    with pytest.raises(FileNotFoundError) as raised:
        write_page(path, [])
    assert raised.value.filename == str(path)


def test_a_name_that_is_no_text_is_written_as_it_can_be(tmp_path):
    name = os.fsdecode(b"bad\xff")
    page = tmp_path / "page.html"
    write_page(page, [({**META, "run": name, "steps": [], "scalars": {}}, [])])
    assert "<title>Neurons: bad\\udcff</title>" in page.read_text()
    assert held(page.read_text(), "normlayers-data")["runs"][0]["run"] == name


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.html").symlink_to("page.html")
    write_page(tmp_path / "link.html", [])
    assert (tmp_path / "link.html").is_symlink()
    assert "<title>" in (tmp_path / "page.html").read_text()
