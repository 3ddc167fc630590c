"""Nobody waits for TensorFlow to read a help text or an error: it is imported after them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPERIMENTS = sorted(
    path.stem
    for path in (ROOT / "scripts").glob("*.py")
    if path.stem not in ("quiet_start", "reproduce")
)
BENCHMARKS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if path.stem not in ("arithmetic", "measured", "side_by_side", "recalibration_accuracy")
)
# Takes seconds to import, each of them.
SLOW = ("keras", "tensorflow", "jax", "torch", "sklearn", "scipy", "matplotlib", "pandas")
PROGRAM = f"""
import runpy, sys
path, *arguments = sys.argv[1:]
sys.argv[:] = [path, *arguments]
sys.path.insert(0, path.rpartition("/")[0])
try:
    runpy.run_path(path, run_name="__main__")
except SystemExit as end:
    print(end.code, *[name for name in {SLOW} if name in sys.modules])
"""


def end_of(path, *arguments):
    """A script's exit code, and what it had imported of ``SLOW`` when it ended."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT / path), *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()[-1], done.stderr


@pytest.mark.parametrize(
    "path",
    [
        *(f"scripts/{name}.py" for name in (*EXPERIMENTS, "reproduce")),
        *(f"benchmarks/{name}.py" for name in BENCHMARKS),
        "normlayers/explorer/__main__.py",
    ],
)
def test_help(path):
    assert end_of(path, "--help") == ("0", "")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_argument_out_of_range(tmp_path, name):
    end, said = end_of(f"scripts/{name}.py", "--log-dir", tmp_path / "logs", "--seed", -1)
    assert (end, said.count("\n")) == ("2", 1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("two_neuron_ensemble", ["--arms", "relu"]),
        ("deep_networks", ["--optimizer", "momentum"]),
        ("loss_surface", ["--tolerance", 2]),
        ("activation_odds", ["--points", 100_000, "--neurons", 10_000]),
        ("reproduce", ["--only", "circles"]),
    ],
)
def test_other_wrong_arguments(tmp_path, name, arguments):
    end, said = end_of(f"scripts/{name}.py", "--log-dir", tmp_path / "logs", *arguments)
    assert (end, said.count("\n")) == ("2", 1)
    assert not (tmp_path / "logs").exists()


def test_a_folder_of_another_run(tmp_path):
    earlier = {"experiment": "activation_odds", "arms": ["initialization"], "versions": {}}
    arguments = {"seed": 0, "networks": 10, "points": 200, "inputs": 2, "neurons": 2}
    (tmp_path / "arguments.json").write_text(json.dumps({**earlier, "arguments": arguments}))
    end, said = end_of("scripts/activation_odds.py", "--log-dir", tmp_path, "--networks", 11)
    assert end == "2"
    assert "holds a run made with --networks 10 (now 11)" in said
    end, said = end_of("scripts/loss_surface.py", "--log-dir", tmp_path)
    assert end == "2"
    assert "holds a run of activation_odds, not of loss_surface" in said
    end, said = end_of("scripts/loss_surface.py", "--log-dir", tmp_path / "arguments.json")
    assert end == "2"
    assert "is no folder" in said


def test_the_program_above_sees_what_is_imported(tmp_path):
    (tmp_path / "slow.py").write_text("import sys, scipy; sys.exit(3)")
    assert end_of(tmp_path / "slow.py") == ("3 scipy", "")
