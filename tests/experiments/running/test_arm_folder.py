"""Arms' folders: made again where anything is amiss, and removed without touching other files."""

import shutil

import pytest

from normlayers.experiments.running.command_line import UsageError
from normlayers.tracking.writing.event_log import EventLog
from tests.experiments.made_up_runs import directory, files, finished


def finished_with_events(path):
    """As ``finished``, with an event file that TensorBoard reads."""
    made = directory(path)
    made.open()
    with EventLog(made.begin("a")) as log:
        log.write(0, scalars={"loss": 0.5})
    (path / "a" / "film.gif").write_text("film")
    made.finish("a", {"found": "a"})
    return made, next((path / "a").glob("events.out.tfevents.*"))


def last_byte_changed(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage",
    [
        lambda events: events.unlink(),
        lambda events: events.write_bytes(events.read_bytes()[:-3]),
        lambda events: events.write_bytes(b""),
        lambda events: events.write_bytes(last_byte_changed(events.read_bytes())),
        lambda events: (events.unlink(), events.mkdir()),
    ],
    ids=["deleted", "cut off", "emptied", "a byte changed", "a folder in its place"],
)
def test_an_arm_whose_event_file_is_deleted_or_damaged_is_made_again(tmp_path, damage):
    made, events = finished_with_events(tmp_path)
    assert made.finished("a") == {"found": "a"}
    damage(events)
    assert made.finished("a") is None


def test_an_event_file_that_is_damaged_is_removed_before_the_arm_is_made_again(tmp_path):
    made, events = finished_with_events(tmp_path)
    events.write_bytes(b"damaged")
    assert list(made.begin("a").iterdir()) == []


def test_event_files_that_are_drawn_anew_replace_the_earlier_ones(tmp_path):
    made, events = finished_with_events(tmp_path)
    with made.redrawing("a") as folder, EventLog(folder) as log:
        log.write(1, scalars={"loss": 0.25})
        assert made.finished("a") == {"found": "a"}  # should an interruption end this here
    assert made.finished("a") == {"found": "a"}
    assert not events.exists()
    assert len(list(folder.glob("events.*"))) == 1


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    finished(tmp_path)
    left = [tmp_path / "a" / ".film.x1.partial.gif", tmp_path / ".all.x2.partial.png"]
    mine = tmp_path / "a" / ".film.gif.mine"
    for path in (*left, mine):
        path.write_text("half")
    directory(tmp_path, seed=1).open(start_over=True)
    assert not any(path.exists() for path in left)
    assert mine.exists()


@pytest.mark.parametrize("start_over", [False, True])
def test_an_arms_folder_that_is_a_link_is_refused_and_left_alone(tmp_path, start_over):
    logs, elsewhere = tmp_path / "logs", tmp_path / "elsewhere"
    finished(logs)
    shutil.move(logs / "b", elsewhere)
    (elsewhere / "events.out.tfevents.mine").write_text("mine")
    (logs / "b").symlink_to(elsewhere)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=r"/b is a symbolic link.*remove the link or choose"):
        directory(logs, versions="2").open(start_over)
    assert files(tmp_path) == before


def test_a_link_made_while_a_run_is_open_is_refused_too(tmp_path):
    made = finished(tmp_path / "logs")
    shutil.move(tmp_path / "logs" / "a", tmp_path / "mine")
    (tmp_path / "logs" / "a").symlink_to(tmp_path / "mine")
    before = files(tmp_path)
    with pytest.raises(UsageError, match="/a is a symbolic link"):
        made.begin("a")
    assert files(tmp_path) == before


def test_of_links_in_an_arms_folder_only_the_links_are_removed(tmp_path):
    finished(tmp_path / "logs")
    for name in ("film.gif", "events.out.tfevents.1", "arm.json"):
        mine, link = tmp_path / f"my-{name}", tmp_path / "logs" / "a" / name
        mine.write_text("mine")
        link.unlink(missing_ok=True)
        link.symlink_to(mine)
    (tmp_path / "logs" / "a" / "mine").symlink_to(tmp_path)
    directory(tmp_path / "logs").open(start_over=True)
    assert [path.name for path in (tmp_path / "logs" / "a").iterdir()] == ["mine"]
    kept = [tmp_path / f"my-{name}" for name in ("film.gif", "events.out.tfevents.1", "arm.json")]
    assert [path.read_text() for path in kept] == ["mine"] * 3


def test_an_arm_that_lacks_a_file_is_not_finished(tmp_path):
    made = finished(tmp_path)
    (tmp_path / "a" / "film.gif").unlink()
    assert made.finished("a") is None


@pytest.mark.parametrize("content", ["", "[1]", "{}", '{"found"'])
def test_an_arm_with_unreadable_findings_is_not_finished(tmp_path, content):
    made = finished(tmp_path)
    (tmp_path / "a" / "arm.json").write_text(content)
    assert made.finished("a") is None


def test_files_that_an_arm_may_have_are_not_missed_and_go_with_it(tmp_path):
    finished(tmp_path)
    made = directory(tmp_path)
    assert made.finished("a")
    (tmp_path / "a" / "film.mp4").write_text("the same film")
    (tmp_path / "a" / "mine.txt").write_text("mine")
    made.begin("a")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine.txt"]
