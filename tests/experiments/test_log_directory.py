"""Log directories: taken up again, never mixed, nothing lost."""

import json

import pytest

from normlayers.experiments.command_line import UsageError
from normlayers.experiments.log_directory import LogDirectory


def directory(path, experiment="circle", arms=("a", "b"), versions="1", **arguments):
    asked = {"seed": 0, **arguments}
    return LogDirectory(
        path, experiment, arms, asked, {"code": versions}, ["film.gif"], ["film.mp4"], ["all.png"]
    )


def finished(path, **options):
    """A folder in which both arms were run to their end."""
    made = directory(path, **options)
    made.open()
    for arm in ("a", "b"):
        (made.begin(arm) / "film.gif").write_text("film")
        made.finish(arm, {"found": arm})
    made.write_results({"done": True})
    made.close()
    return made


def files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.*")}


def test_finished_arms_are_taken_up(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path)
    again.open()
    assert again.finished("a") == {"found": "a"}


def test_an_interrupted_arm_is_begun_again(tmp_path):
    finished(tmp_path)
    (tmp_path / "b" / "arm.json").unlink()
    (tmp_path / "b" / "events.out.tfevents.1").write_text("half")
    again = directory(tmp_path)
    again.open()
    assert (again.finished("a"), again.finished("b")) == ({"found": "a"}, None)
    assert list(again.begin("b").iterdir()) == []


def test_an_arm_that_lacks_a_file_is_not_finished(tmp_path):
    made = finished(tmp_path)
    (tmp_path / "a" / "film.gif").unlink()
    assert made.finished("a") is None


def test_an_arm_made_as_another_run_is_not_finished(tmp_path):
    """As a process killed while it starts over may leave it."""
    finished(tmp_path)
    assert directory(tmp_path, seed=1).finished("a") is None


def test_two_runs_at_once_are_refused(tmp_path):
    first = directory(tmp_path)
    first.open()
    with pytest.raises(UsageError, match="another run is writing"):
        directory(tmp_path).open()
    first.close()
    directory(tmp_path).open()


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"found"'])
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
    for name in ("notes.txt", "a/notes.txt", "a/mine.gif", "mine.png"):
        (tmp_path / name).write_text("mine")
    again = directory(tmp_path, seed=1)
    again.open(start_over=True)
    assert again.finished("a") is None
    mine = {"notes.txt", "a/notes.txt", "a/mine.gif", "mine.png"}
    assert set(files(tmp_path)) == {"arguments.json", *mine}


def test_arms_made_with_other_versions_are_made_again(tmp_path):
    finished(tmp_path)
    again = directory(tmp_path, versions="2")
    again.open()
    assert again.finished("a") is None
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("name", ["a", "results.json", "all.png"])
def test_somebody_elses_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=f"{name} exists and is not known"):
        directory(tmp_path).open(start_over=True)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_of_other_files_is_fine(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    directory(tmp_path).open()
    assert json.loads((tmp_path / "arguments.json").read_text())["arms"] == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        *("[]", "{", "\0", "{}", '{"experiment": "circle", "arguments": null}'),
        '{"experiment": "circle", "arms": ["../outside"], "arguments": {}, "versions": {}}',
        '{"experiment": "circle", "arms": [".."], "arguments": {}, "versions": {}}',
    ],
)
def test_a_manifest_that_no_experiment_wrote_is_refused_and_kept(tmp_path, content):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "film.gif").write_text("mine")
    (inside / "arguments.json").write_text(content)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=r"arguments.json is not what .* move it away"):
        directory(inside).open(start_over=True)
    assert files(tmp_path) == before


def test_a_file_or_an_unwritable_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        directory(tmp_path / "file").open()
    with pytest.raises(UsageError, match=r"cannot write to .*--log-dir"):
        directory(tmp_path / "file" / "below").open()
    with pytest.raises(UsageError, match="cannot write to /proc/logs"):
        directory(type(tmp_path)("/proc/logs")).open()
    with pytest.raises(UsageError, match="File name too long"):
        directory(tmp_path / "new" / ("x" * 300)).open()
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_later_is_told_too(tmp_path):
    made = directory(tmp_path)
    made.open()
    (tmp_path / "a").write_text("a file where the arm's folder should be")
    with pytest.raises(UsageError, match="cannot write"):
        made.begin("a")


def test_files_that_an_arm_may_have_are_not_missed_and_go_with_it(tmp_path):
    finished(tmp_path)
    made = directory(tmp_path)
    assert made.finished("a")
    (tmp_path / "a" / "film.mp4").write_text("the same film")
    (tmp_path / "a" / "mine.txt").write_text("mine")
    made.begin("a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine.txt"]
