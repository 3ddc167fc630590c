"""The README's example runs, its links lead somewhere, its commands are the Makefile's."""

import re
from pathlib import Path

from tests.python_process import run_python

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_example_is_ten_lines_and_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    lines = [line for line in code.splitlines() if line and "import" not in line]
    assert len(lines) <= 10
    done = run_python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("logs/mine/events.out.tfevents.*"))


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_commands_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    commands = re.findall(r"\bmake (reproduce|test|tensorboard|benchmark)\b", README)
    assert {"reproduce", "test", "tensorboard"} <= set(commands)
    for command in commands:
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
