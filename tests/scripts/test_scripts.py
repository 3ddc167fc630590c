"""The scripts as a user runs them: exit codes, what they print, what they leave."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measured import kept
from tests.python_process import XLA_NOTES, run_python

ROOT = Path(__file__).parents[2]


def script(name, *arguments, cwd=ROOT):
    return run_python(ROOT / name, *arguments, cwd=cwd)


def circle(*arguments, **options):
    return script("scripts/two_neuron_circle.py", *arguments, **options)


def test_a_short_run_ends_with_a_table_and_no_noise(tmp_path):
    arms = ["relu-centred", "sigmoid-shifted-standardized", "relu-shifted-bn-post"]
    options = ["--log-dir", tmp_path / "logs", "--epochs", 4, "--every", 2, "--arms", *arms]
    # Not by run_python: TensorFlow is noisy while it is imported.
    command = [sys.executable, ROOT / "scripts" / "two_neuron_circle.py", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, XLA_NOTES.sub("", done.stderr)) == (0, "")
    assert "sigmoid-shifted-standardized" in done.stdout
    assert "0.614" in done.stdout
    results = json.loads((tmp_path / "logs" / "results.json").read_text())
    assert len(results["measures"]["arms"]) == 3
    runs = {path.parent.name for path in (tmp_path / "logs").glob("*/events.out.tfevents.*")}
    assert runs == set(results["measures"]["arms"])


def test_help_explains_every_option_with_its_default():
    done = circle("--help")
    assert done.returncode == 0
    for option in ("--log-dir", "--seed", "--epochs", "--arms", "--every", "--start-over"):
        assert option in done.stdout
    for default in ("logs/two_neuron_circle", "1000)", "20)", "10)", "(default: all)"):
        assert default in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--arms", "relu-center"], "there is no arm 'relu-center'"),
        (["--epochs", "0"], "--epochs must be from 1 to 1000000000, not 0."),
        (["--epochs", "-3"], "--epochs must be from 1 to 1000000000, not -3."),
        (["--epochs", "many"], "invalid int value: 'many'"),
        (["--speed", "1"], "unrecognized arguments: --speed 1"),
        (["--seed", "99999999999"], "--seed must be from 0 to 4294967295"),
        (["--log-dir", ""], "--log-dir: '' names no folder; give a folder's path"),
        (["--log-dir", "/proc/logs"], "cannot write to /proc/logs"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, arguments, says):
    done = circle(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_other_arguments_is_refused_until_asked_to_start_over(tmp_path):
    def run(*more):
        return circle("--log-dir", tmp_path, "--arms", "relu-centred", *more)

    assert run("--epochs", 2).returncode == 0
    before = (tmp_path / "results.json").read_bytes()
    refused = run("--epochs", 3)
    assert refused.returncode == 2
    assert "made with --epochs 2 (now 3)" in refused.stderr
    assert "--start-over" in refused.stderr
    assert (tmp_path / "results.json").read_bytes() == before
    assert run("--epochs", 3, "--start-over").returncode == 0
    assert json.loads((tmp_path / "results.json").read_text())["arguments"]["epochs"] == 3


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("two_neuron_circle", ["--epochs", 2, "--arms", "relu-centred", "relu-shifted"]),
        ("adapt", ["--rows", 2_000, "--rounds", 1]),
    ],
)
def test_benchmarks_print_ratios_and_keep_them(name, arguments, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARKS_FOLDER", str(tmp_path))
    done = script(f"benchmarks/{name}.py", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ratio" in done.stdout
    assert len(kept(tmp_path)[name][1]) >= 1
    refused = script(f"benchmarks/{name}.py", arguments[0], 0)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        (
            "two_neuron_ensemble",
            ["--networks", 5, "--epochs", 2, "--arms", "tanh-bn-pre"],
            "not run",
        ),
        ("activation_odds", ["--networks", 500], "U(8, 10)"),
        ("activation_odds", ["--points", 1, "--networks", 1], "U(8, 10)"),
    ],
)
def test_other_experiments_end_with_a_table_and_no_noise(tmp_path, name, arguments, told):
    done = script(f"scripts/{name}.py", "--log-dir", tmp_path / "logs", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert told in done.stdout
    results = json.loads((tmp_path / "logs" / "results.json").read_text())
    assert results["experiment"] == name


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("two_neuron_ensemble", ["--networks", 0], "--networks must be from 1 to"),
        ("two_neuron_ensemble", ["--arms", "relu"], "there is no arm 'relu'"),
        ("two_neuron_ensemble", ["--epochs", "many"], "invalid int value"),
        ("scaling_methods", ["--scheduler", "nowhere://x"], "no Dask scheduler at 'nowhere://x'"),
        ("activation_odds", ["--inputs", -1], "--inputs must be from 1 to 10000, not -1"),
        ("reproduce", ["--only", "circles"], "there is no experiment 'circles'"),
    ],
)
def test_other_experiments_refuse_in_one_sentence(tmp_path, name, arguments, says):
    done = script(f"scripts/{name}.py", "--log-dir", tmp_path / "logs", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "logs").exists()
