"""The loss-surface script as a user runs it."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from tests.python_process import run_python

SCRIPT = Path(__file__).parents[2] / "scripts" / "loss_surface.py"


def test_a_short_run_ends_with_a_table_and_no_noise(tmp_path):
    options = ["--data-sets", 2, "--points", 60, "--tolerance", 0.9, "--learning-rate", 1.1]
    done = run_python(SCRIPT, "--log-dir", tmp_path / "logs", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Loss surfaces of two weights" in done.stdout
    results = json.loads((tmp_path / "logs" / "results.json").read_text())
    assert results["experiment"] == "loss_surface"
    assert results["arguments"] == {
        "seed": 0, "data-sets": 2, "points": 60, "tolerance": 0.9, "learning-rate": 1.1,
    }  # fmt: skip
    assert (tmp_path / "logs" / "surfaces.html").stat().st_size > 3_000_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--points", 1], "--points must be from 20 to 100000, not 1."),
        (["--learning-rate", -1], "--learning-rate must be over 0 and finite, not -1.0."),
        (["--tolerance", 2], "--tolerance must be from 1e-06 to under 1, not 2.0."),
        (["--data-sets", "many"], "argument --data-sets: invalid int value: 'many'"),
    ],
)
def test_the_script_refuses_in_one_sentence(tmp_path, monkeypatch, capsys, arguments, says):
    """Here, where TensorFlow is imported already."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    command = [SCRIPT.name, "--log-dir", tmp_path / "logs", *arguments]
    monkeypatch.setattr(sys, "argv", [str(word) for word in command])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert (stopped.value.code, capsys.readouterr()) == (
        2,
        ("", f"loss_surface.py: error: {says}\n"),
    )
    assert not (tmp_path / "logs").exists()
