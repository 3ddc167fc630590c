"""The script as a user runs it."""

import json
from pathlib import Path

from tests.python_process import run_python

ROOT = Path(__file__).parents[2]


def script(*arguments):
    return run_python(ROOT / "scripts" / "deep_networks.py", *arguments)


def test_a_tiny_run_ends_with_a_table_and_no_noise(tmp_path):
    arm = "sigmoid-bn-post-standardized-depth-2"
    done = script(
        *("--log-dir", tmp_path / "logs", "--networks", 2, "--epochs", 1, "--width", 2),
        *("--batch-size", 704, "--optimizer", "rmsprop", "--arms", arm),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Epochs to the target loss" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    results = json.loads((tmp_path / "logs" / "results.json").read_text())
    assert list(results["measures"]["arms"]) == [arm]


def test_refusals_are_one_sentence(tmp_path):
    done = script("--log-dir", tmp_path / "logs", "--epochs", 0)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "deep_networks.py: error: --epochs must be from 1 to 1000, not 0.\n"
    assert not (tmp_path / "logs").exists()
