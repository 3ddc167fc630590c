"""Log directories: taken up again, never mixed, nothing lost."""

import json

import pytest

from normlayers.experiments.command_line import UsageError
from normlayers.experiments.log_directory import LogDirectory


def directory(path, experiment="circle", arms=("a", "b"), versions="1", **arguments):
    return LogDirectory(path, experiment, arms, {"seed": 0, **arguments}, {"code": versions})


def finished(path, **options):
    """A folder in which both arms were run to their end."""
    made = directory(path, **options)
    made.open()
    for arm in ("a", "b"):
        (made.begin(arm) / "film.gif").write_text("film")
        made.finish(arm, {"found": arm})
    made.write_results({"done": True})
    return made


def files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.*")}


def test_finished_arms_are_taken_up(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path)
    again.open()
    assert again.finished("a") == {"found": "a"}


def test_an_interrupted_arm_is_begun_again(tmp_path):
    first = directory(tmp_path)
    first.open()
    first.finish(first.begin("a").name, {"found": "a"})
    (first.begin("b") / "events.out.tfevents.1").write_text("half")
    again = directory(tmp_path)
    again.open()
    assert (again.finished("a"), again.finished("b")) == ({"found": "a"}, None)
    assert list(again.begin("b").iterdir()) == []


@pytest.mark.parametrize("content", ["", "[1]", '{"found"'])
def test_an_arm_with_unreadable_findings_is_not_finished(tmp_path, content):
    made = finished(tmp_path)
    (tmp_path / "a" / "arm.json").write_text(content)
    assert made.finished("a") is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 1}, r"made with --seed 0 \(now 1\)"),
        ({"seed": 2, "epochs": 5}, r"--seed 0 \(now 2\), --epochs None \(now 5\)"),
        ({"experiment": "square"}, "holds a run of circle"),
    ],
)
def test_a_run_with_other_arguments_is_refused_and_left_alone(tmp_path, options, says):
    finished(tmp_path)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=f"{says}.*--start-over"):
        directory(tmp_path, **options).open()
    assert files(tmp_path) == before


def test_starting_over_removes_the_earlier_run_and_nothing_else(tmp_path):
    finished(tmp_path)
    (tmp_path / "a" / "notes.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    again = directory(tmp_path, seed=1)
    again.open(start_over=True)
    assert again.finished("a") is None
    assert set(files(tmp_path)) == {"arguments.json", "notes.txt", "a/notes.txt"}


def test_arms_made_with_other_versions_are_made_again(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path, versions="2")
    again.open()
    assert again.finished("a") is None
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("name", ["a", "results.json"])
def test_somebody_elses_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=f"{name} exists and is not known"):
        directory(tmp_path).open(start_over=True)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_of_other_files_is_fine(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    directory(tmp_path).open()
    assert json.loads((tmp_path / "arguments.json").read_text())["arms"] == ["a", "b"]


@pytest.mark.parametrize("content", ["[]", "{", "\0"])
def test_an_unreadable_manifest_is_refused(tmp_path, content):
    (tmp_path / "arguments.json").write_text(content)
    with pytest.raises(UsageError, match=r"cannot read .*arguments.json"):
        directory(tmp_path).open(start_over=True)


def test_a_manifest_cannot_name_folders_outside(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    outside.mkdir()
    (outside / "film.gif").write_text("mine")
    inside.mkdir()
    made = {"experiment": "circle", "arms": ["../outside"], "arguments": {}, "versions": {}}
    (inside / "arguments.json").write_text(json.dumps(made))
    directory(inside).open(start_over=True)
    assert (outside / "film.gif").exists()


def test_a_file_or_an_unwritable_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        directory(tmp_path / "file").open()
    with pytest.raises(UsageError, match=r"cannot (write to|read) .*--log-dir"):
        directory(tmp_path / "file" / "below").open()
    with pytest.raises(UsageError, match="cannot write to /proc/logs"):
        directory(type(tmp_path)("/proc/logs")).open()
