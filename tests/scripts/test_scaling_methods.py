"""The scaling script as a user runs it."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.python_process import run_python

SCRIPT = Path(__file__).parents[2] / "scripts" / "scaling_methods.py"


def test_help_explains_every_option_with_its_default(monkeypatch, capsys):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert stopped.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    for option in ("--log-dir", "--seed", "--networks", "--splits", "--epochs", "--start-over"):
        assert option in told
    for default in ("logs/scaling_methods", "200)", "100)", "20)"):
        assert default in told


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path):
    done = run_python(SCRIPT, "--log-dir", tmp_path / "logs", "--networks", 0)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "scaling_methods.py: error: --networks must be from 2 to 100000, not 0.\n"
    )
    assert not (tmp_path / "logs").exists()
