"""The script of article A0 as a user runs it."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from tests.python_process import run_python

SCRIPT = Path(__file__).parents[2] / "scripts" / "input_normalization.py"


def test_a_short_run_ends_with_a_table_and_no_noise(tmp_path):
    arms = ["wine-tanh-raw", "fit-raw"]
    options = ["--networks", 2, "--epochs", 3, "--arms", *arms]
    done = run_python(SCRIPT, "--log-dir", tmp_path / "logs", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Epochs to the target loss" in done.stdout
    results = json.loads((tmp_path / "logs" / "results.json").read_text())
    assert results["arguments"] == {"seed": 0, "networks": 2, "epochs": 3, "arms": arms}
    assert (tmp_path / "logs" / "wine-tanh-raw" / "networks.npz").is_file()
    assert list((tmp_path / "logs" / "fit-raw").glob("events.out.tfevents.*"))


def test_help_tells_every_default_a_seed_of_0_too(monkeypatch, capsys):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    printed = " ".join(capsys.readouterr().out.split())
    for told in (
        "weights (default: 0)",
        "an arm (default: 200)",
        "(default: 100)",
        "(default: all)",
    ):
        assert told in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--networks", 0], "--networks must be from 1 to 100000, not 0."),
        (["--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (["--speed", 1], "unrecognized arguments: --speed 1"),
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
        ("", f"input_normalization.py: error: {says}\n"),
    )
    assert not (tmp_path / "logs").exists()
