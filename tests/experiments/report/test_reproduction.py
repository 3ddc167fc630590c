"""All experiments in one go: side by side, printed whole, one report of all, interruptions.

Covers too: preloaded.py.
"""

import fcntl
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from normlayers.experiments.claims.table import claims_markdown
from normlayers.experiments.report import reproduction
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.found import row, write_found
from tests.python_process import run_python

ROOT = Path(__file__).parents[3]
# Stands for an experiment: writes one claim.
SCRIPT = f"""
import pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.experiments.found import row, write_found
folder = pathlib.Path(sys.argv[sys.argv.index("--log-dir") + 1])
write_found(folder.parent, folder.name, [row("A2.{{number}}", verdict="{{verdict}}")], ["all.png"])
print("this is [{{number}}]", *sys.argv[3:])
"""
NAMES = reproduction.EXPERIMENTS


@pytest.fixture
def scripts(tmp_path):
    """A script for each experiment, with claims 12, 11, 10, 9, 8, 3 and 2."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name, number in zip(NAMES, (12, 11, 10, 9, 8, 3, 2), strict=True):
        verdict = "holds" if number > 2 else "does not hold"
        (folder / f"{name}.py").write_text(SCRIPT.format(number=number, verdict=verdict))
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
    assert "7 claims checked: 6 holds, 1 does not hold" in printed
    assert f"Report: {tmp_path / 'logs' / 'report.html'} (this run took" in printed
    page = (tmp_path / "logs" / "claims.md").read_text()
    report = (tmp_path / "logs" / "report.html").read_text()
    for text in (page, report):
        assert text.index("A2.2") < text.index("A2.11") < text.index("A2.12")
    assert report.count("<img") == 7
    assert "again" not in printed


def test_one_alone(scripts, tmp_path):
    write_found(tmp_path, NAMES[1], [row("A0.7")])
    code, printed = run(scripts, tmp_path, only=["activation_odds"], start_over=True)
    assert "this is [2] --start-over" in printed
    assert "[11]" not in printed
    assert code == 0
    # The report is of all that there is.
    assert "2 claims checked" in printed
    assert "**A0.7**" in (tmp_path / "claims.md").read_text()
    away = [name for name in NAMES[:-1] if name != NAMES[1]]
    named = ", ".join(f"{name} (not run: results.json is missing)" for name in away)
    command = f"scripts/reproduce.py --log-dir {tmp_path} --only {' '.join(away)}"
    assert f"Without results: {named}. To run them: {command}\n" in printed


def test_the_number_of_networks_is_that_of_the_deep_ones(scripts, tmp_path):
    _, printed = run(scripts, tmp_path, only=["deep_networks", "activation_odds"], networks=200)
    assert "this is [11] --networks 200" in printed
    assert "this is [2]\n" in printed


def test_the_scheduler_is_that_of_experiments_that_train_many_networks(scripts, tmp_path):
    _, printed = run(scripts, tmp_path, scheduler="tcp://10.0.0.1:8786")
    for number in (12, 11, 10, 8):
        assert f"this is [{number}] --scheduler tcp://10.0.0.1:8786\n" in printed
    for number in (9, 3, 2):
        assert f"this is [{number}]\n" in printed


def test_by_default_an_experiment_is_run_by_make():
    command = reproduction._command(Path("logs"), ["loss_surface"])
    assert command == "make reproduce ONLY=loss_surface"
    both = reproduction._command(Path("logs"), ["loss_surface", "deep_networks"])
    assert both == "make reproduce ONLY='loss_surface deep_networks'"


def test_a_failure_is_told_and_the_others_go_on(scripts, tmp_path):
    failing = scripts / f"{reproduction.EXPERIMENTS[0]}.py"
    failing.write_text("import sys; print('no space', file=sys.stderr); sys.exit(3)")
    code, printed = run(scripts, tmp_path / "logs")
    assert code == 3
    assert "no space" in printed
    assert "ended with exit code 3" in printed
    assert "this is [2]" in printed
    assert not (tmp_path / "logs" / "claims.md").exists()
    report = (tmp_path / "logs" / "report.html").read_text()
    assert "failed with exit code 3; results.json is missing" in report
    assert report.count("<img") == 6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere each imports it")
def test_keras_is_imported_once_for_all(scripts, tmp_path):
    code = (
        "import os, sys\n"
        "print('before' if 'keras' in sys.modules else 'after', os.getppid())\n"
        "import keras\n"
        "print('computes' if float(keras.ops.sum(keras.ops.ones(3))) == 3 else 'does not')\n"
    )
    for name in NAMES[:2]:
        (scripts / f"{name}.py").write_text(code)
    _, printed = run(scripts, tmp_path / "logs", only=NAMES[:2])
    assert printed.count("computes") == 2
    parents = [line.split()[1] for line in printed.splitlines() if line.startswith("before")]
    assert len(parents) == 2
    assert len(set(parents)) == 1
    assert "oneDNN" not in printed


def test_an_unknown_experiment_is_refused(scripts, tmp_path):
    with pytest.raises(UsageError, match="no experiment 'circles'; there are two_neuron_ensemble"):
        run(scripts, tmp_path, only=["circles"])


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_has_its_script_and_knows_its_options(name):
    text = (ROOT / "scripts" / f"{name}.py").read_text()
    assert "--log-dir" in text
    assert "--start-over" in text


def test_results_that_an_earlier_run_left_damaged_are_made_again_and_that_is_told(
    scripts, tmp_path
):
    half, without, whole = NAMES[5], NAMES[6], NAMES[4]
    for name in (half, without, whole):
        write_found(tmp_path, name)
    (tmp_path / half / "results.json").write_text('{"claims": [')
    (tmp_path / without / "results.json").rename(tmp_path / without / "arguments.json")
    code, printed = run(scripts, tmp_path, only=[half, without, whole])
    assert code == 0
    assert f"{half}: results.json is half-written; it is made again." in printed
    assert f"{without}: results.json is missing; it is made again." in printed
    assert printed.count("made again") == 2
    assert printed.index("made again") < printed.index("this is")
    assert "A2.3" in (tmp_path / "claims.md").read_text()


def test_a_report_may_go_elsewhere(scripts, tmp_path):
    (tmp_path / "pages").mkdir()
    run(scripts, tmp_path / "logs", only=NAMES[:1], report=tmp_path / "pages" / "all.html")
    assert "A2.12" in (tmp_path / "pages" / "all.html").read_text()
    assert not (tmp_path / "logs" / "report.html").exists()


@pytest.mark.parametrize("report", ["scripts", "missing/report.html"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(scripts, tmp_path, report):
    with pytest.raises(UsageError, match="report"):
        run(scripts, tmp_path / "logs", report=tmp_path / report)
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--report", ".", "--report . is a folder; give the path of a file."),
        ("--networks", "0", "--networks must be from 1 to 10000, not 0."),
    ],
)
def test_the_script_refuses_in_one_sentence(tmp_path, option, value, says):
    script = ROOT / "scripts" / "reproduce.py"
    done = run_python(script, "--log-dir", tmp_path / "logs", option, value)
    expected = f"reproduce.py: error: {says}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ctrl_c", ["default_int_handler", "SIG_IGN"])
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_of_the_whole_ends_what_is_running(scripts, tmp_path, ended_by, ctrl_c):
    """Also where Ctrl-C is ignored, as by what a shell runs in the background."""
    if (ended_by, ctrl_c) == (signal.SIGINT, "SIG_IGN"):
        pytest.skip("nothing ends then")
    for name in NAMES:
        (scripts / f"{name}.py").write_text(
            "import fcntl, time\n"
            f"file = open({str(tmp_path / name)!r} + '.started', 'w')\n"
            "fcntl.flock(file, fcntl.LOCK_EX)\n"
            "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n"
            "    print('kept what is there')\n"
        )
    code = (
        "import pathlib, signal\n"
        f"signal.signal(signal.SIGINT, signal.{ctrl_c})\n"
        "from normlayers.experiments.report.reproduction import reproduce\n"
        f"reproduce(pathlib.Path({str(scripts)!r}), pathlib.Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: len(running_in(tmp_path)) == 2)
    time.sleep(0.2)
    os.kill(process.pid, ended_by)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    wait_until(lambda: not running_in(tmp_path))
    if ended_by == signal.SIGINT:
        assert printed.count("kept what is there") == 2
    assert len(list(tmp_path.glob("*.started"))) == 2  # the third was not begun


def running_in(folder):
    """Files that a process has locked: it lets go of them however it ends."""
    locked = []
    for path in folder.glob("*.started"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                locked.append(path)
    return locked


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_table_as_markdown_is_grouped_by_article():
    rows = [row("A2.10", measure="|w|"), row("A2.9", exact=True), row("A4.1")]
    text = claims_markdown(rows)
    assert [line[4:6] for line in text.splitlines() if line.startswith("### ")] == [
        "A0", "A1", "A2", "A3", "A4"
    ]  # fmt: skip
    assert text.count("| claim | what was measured |") == 2
    assert text.index("**A2.9**") < text.index("**A2.10**") < text.index("### A3")
    assert r"| \|w\| |" in text
    assert "| 0.930 | at least 0.9 | exact | **holds** |" in text
    assert "Open, not checked: A4.2, A4.3, A4.4, A4.5." in text
