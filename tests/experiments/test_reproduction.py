"""All experiments in one go: side by side, printed whole, one page of claims, interruptions."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from normlayers.experiments import reproduction
from normlayers.experiments.command_line import UsageError

ROOT = Path(__file__).parents[2]
# Stands for an experiment: writes one claim.
SCRIPT = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--log-dir") + 1])
folder.mkdir(parents=True, exist_ok=True)
row = dict(id="A2.{number}", claim="It is so.", measure="how", value=0.5, ci95=[0.4, 0.6],
           exact=False, rule="at least 1", n=300, verdict="{verdict}")
(folder / "results.json").write_text(json.dumps(dict(claims=[row])))
print("this is [{number}]", *sys.argv[3:])
sys.exit({code})
"""


@pytest.fixture
def scripts(tmp_path):
    """A script for each experiment, with claims 12, 11 and 2."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name, number in zip(reproduction.EXPERIMENTS, (12, 11, 2), strict=False):
        verdict = "holds" if number > 2 else "does not hold"
        text = SCRIPT.format(number=number, verdict=verdict, code=0)
        (folder / f"{name}.py").write_text(text)
    return folder


def run(scripts, log_dir, **options):
    console = Console(file=io.StringIO(), width=200)
    code = reproduction.reproduce(scripts, log_dir, console=console, **options)
    return code, console.file.getvalue()


def test_every_experiment_is_run_and_its_claims_listed_in_order(scripts, tmp_path):
    code, printed = run(scripts, tmp_path / "logs")
    assert code == 0
    for number in (2, 11, 12):
        assert f"this is [{number}]" in printed
    assert "3 claims checked: 2 holds, 1 does not hold" in printed
    page = (tmp_path / "logs" / "claims.md").read_text()
    assert page.index("A2.2") < page.index("A2.11") < page.index("A2.12")


def test_one_alone(scripts, tmp_path):
    code, printed = run(scripts, tmp_path, only=["activation_odds"], start_over=True)
    assert "this is [2] --start-over" in printed
    assert "[11]" not in printed
    assert code == 0


def test_a_failure_is_told_and_the_others_go_on(scripts, tmp_path):
    failing = scripts / f"{reproduction.EXPERIMENTS[0]}.py"
    failing.write_text("import sys; print('no space', file=sys.stderr); sys.exit(3)")
    code, printed = run(scripts, tmp_path / "logs")
    assert code == 3
    assert "no space" in printed
    assert "ended with exit code 3" in printed
    assert "this is [2]" in printed
    assert not (tmp_path / "logs" / "claims.md").exists()


def test_an_unknown_experiment_is_refused(scripts, tmp_path):
    with pytest.raises(UsageError, match="no experiment 'circles'; there are two_neuron_ensemble"):
        run(scripts, tmp_path, only=["circles"])


def test_every_experiment_has_its_script_and_knows_its_options():
    for name in reproduction.EXPERIMENTS:
        text = (ROOT / "scripts" / f"{name}.py").read_text()
        assert "--log-dir" in text
        assert "--start-over" in text


def test_an_interruption_ends_what_is_running(scripts, tmp_path):
    for name in reproduction.EXPERIMENTS:
        (scripts / f"{name}.py").write_text(
            "import pathlib, sys, time\n"
            f"pathlib.Path({str(tmp_path)!r}, '{name}.started').touch()\n"
            "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('kept what is there')\n"
        )
    code = (
        "import pathlib, signal\n"
        # Where tests run in the background, a shell has had Ctrl-C ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from normlayers.experiments.reproduction import reproduce\n"
        f"reproduce(pathlib.Path({str(scripts)!r}), pathlib.Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.started"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert printed.count("kept what is there") == 2
    assert process.returncode != 0
    assert len(list(tmp_path.glob("*.started"))) == 2  # the third was not begun


def test_half_written_results_are_no_claims(scripts, tmp_path):
    (tmp_path / "results.json").write_text('{"claims": [')
    assert reproduction._claims_of(tmp_path) == []
    assert reproduction._claims_of(tmp_path / "nothing") == []
    (tmp_path / "results.json").write_text(json.dumps({"claims": [{"id": "A2.1"}]}))
    assert reproduction._claims_of(tmp_path) == [{"id": "A2.1"}]
