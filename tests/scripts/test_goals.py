import json

import pytest

from benchmarks.goals import BEGIN, END, into, markdown
from benchmarks.measured import Measured, keep, kept


def test_numbers_are_kept_and_shown_with_their_goals(tmp_path):
    numbers = [
        Measured("adapt / one read", 1.42, 1.3),
        Measured("painted in time", 96.0, 95, "%", at_least=True),
        Measured("memory", 3.2, None, "s"),
    ]
    keep("adapt", [Measured("old", 9)], tmp_path)
    keep("adapt", numbers, tmp_path)
    ((date, found),) = kept(tmp_path).values()
    assert found == numbers
    assert [one.reached for one in found] == [False, True, True]
    table = markdown(kept(tmp_path))
    assert "| `adapt` | adapt / one read | 1.42 | ≤ 1.30 | missed |" in table
    assert "| `adapt` | painted in time | 96.0% | ≥ 95.0% |  |" in table
    assert "| `adapt` | memory | 3.20 s |  |  |" in table
    assert table.startswith(date)


def test_the_table_goes_between_its_marks():
    text = f"# Benchmarks\n\n{BEGIN}\nold\n{END}\nrest\n"
    assert into(text, "new\n") == f"# Benchmarks\n\n{BEGIN}\nnew\n{END}\nrest\n"
    with pytest.raises(SystemExit, match="no lines"):
        into("# Benchmarks", "new\n")


def test_a_run_that_was_interrupted_leaves_the_last_one(tmp_path):
    keep("adapt", [Measured("a", 1)], tmp_path)
    (tmp_path / "adapt.json.part").write_text("{")
    assert json.loads((tmp_path / "adapt.json").read_text())["measured"][0]["what"] == "a"
    assert list(kept(tmp_path)) == ["adapt"]
