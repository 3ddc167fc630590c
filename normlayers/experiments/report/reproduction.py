"""All experiments in one go, two side by side, each a process of its own, and a report of all."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from rich.console import Console

from normlayers.experiments.claims.table import claims_markdown
from normlayers.experiments.report.content import Ran, ShownExperiment, shown_experiments
from normlayers.experiments.report.kept_results import why_again
from normlayers.experiments.report.page import duration, refuse_report, write_report
from normlayers.experiments.report.script_process import ScriptProcess
from normlayers.experiments.running.command_line import check_choice
from normlayers.experiments.running.whole_files import write_whole

# The longest first; their scripts have these names.
EXPERIMENTS = (
    "two_neuron_ensemble",
    "deep_networks",
    "input_normalization",
    "two_neuron_circle",
    "scaling_methods",
    "loss_surface",
    "activation_odds",
)
# The one whose number of networks is chosen for the time it takes.
COUNTED = "deep_networks"
# Those that Dask's workers can train.
ON_WORKERS = ("two_neuron_ensemble", "deep_networks", "input_normalization", "scaling_methods")
SIDE_BY_SIDE = 2
LOGS = Path("logs")
CLAIMS, REPORT = "claims.md", "report.html"


def reproduce(
    scripts: Path,
    log_dir: Path = LOGS,
    only: Sequence[str] = EXPERIMENTS,
    report: Path | None = None,
    networks: int | None = None,
    start_over: bool = False,
    scheduler: str | None = None,
    console: Console | None = None,
) -> int:
    """Run experiments, print what each prints once it ends, and write a report of them all.

    What an earlier run has finished is taken up by the experiments themselves. The report tells of
    experiments that are not run now as well, as their results.json does.

    Args:
        scripts: the folder of the experiments' scripts.
        log_dir: where everything goes; each experiment to a folder of its name.
        only: some of ``EXPERIMENTS``.
        report: the report's file; by default ``REPORT`` in ``log_dir``.
        networks: how many an arm of ``COUNTED``; by default as many as its script trains.
        start_over: remove what earlier runs wrote first.
        scheduler: address of a Dask scheduler, whose workers train the networks of ``ON_WORKERS``;
            ``None``: everything runs on this machine.
        console: where to print.

    Returns:
        0, or the exit code of an experiment that failed; the others are run to their end.

    Raises:
        UsageError: there is no such experiment, or the report cannot be written. Nothing was run.
        OSError: the report cannot be written after all; an earlier one stays as it was.
    """
    console, started = console or Console(), time.perf_counter()
    for name in only:
        check_choice("experiment", name, EXPERIMENTS)
    report = report or log_dir / REPORT
    refuse_report(report, log_dir)
    chosen = [name for name in EXPERIMENTS if name in only]
    if not start_over:
        _tell_what_is_run_again(chosen, log_dir, console)
    processes = {
        name: ScriptProcess(
            scripts / f"{name}.py",
            _arguments(name, log_dir, networks, start_over, scheduler),
            console.width,
        )
        for name in chosen
    }
    ran = _run_all(processes, console)
    experiments = shown_experiments(EXPERIMENTS, scripts, log_dir, report, ran)
    code = max((abs(did.code) for did in ran.values()), default=0)
    seconds = time.perf_counter() - started
    command = partial(_command, log_dir)
    write_report(report, experiments, seconds, command)
    _tell_what_was_found(experiments, log_dir, code, console)
    console.print(f"Report: {report} (this run took {duration(seconds)})", highlight=False)
    return code


def _arguments(
    name: str, log_dir: Path, networks: int | None, start_over: bool, scheduler: str | None
) -> list[str]:
    """An experiment's command line."""
    arguments = ["--log-dir", str(log_dir / name)]
    if networks is not None and name == COUNTED:
        arguments += ["--networks", str(networks)]
    if scheduler is not None and name in ON_WORKERS:
        arguments += ["--scheduler", scheduler]
    return [*arguments, "--start-over"] if start_over else arguments


def _tell_what_is_run_again(names: Sequence[str], log_dir: Path, console: Console) -> None:
    for name in names:
        why = why_again(log_dir / name)
        if why:
            console.print(f"{name}: results.json {why}; it is made again.", highlight=False)


def _tell_what_was_found(
    experiments: Sequence[ShownExperiment], log_dir: Path, code: int, console: Console
) -> None:
    """Print counts of verdicts and what was not run; write the table, unless one has failed."""
    rows = [row for shown in experiments if shown.results for row in shown.results["claims"]]
    if rows and not code:
        write_whole(log_dir / CLAIMS, claims_markdown(rows).encode())
        verdicts = Counter(row["verdict"] for row in rows)
        counted = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common())
        console.print(
            f"{len(rows)} claims checked: {counted}. Table: {log_dir / CLAIMS}", highlight=False
        )
    lacking = {shown.name: shown.state for shown in experiments if shown.results is None}
    if lacking:
        named = ", ".join(f"{name} ({state})" for name, state in lacking.items())
        console.print(
            f"Without results: {named}. To run {'it' if len(lacking) == 1 else 'them'}: "
            f"{_command(log_dir, list(lacking))}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip


def _command(log_dir: Path, names: Sequence[str]) -> str:
    """What to type to run some experiments."""
    if log_dir == LOGS:
        asked = " ".join(names)
        return f"make reproduce ONLY={shlex.quote(asked)}"
    return shlex.join(["scripts/reproduce.py", "--log-dir", str(log_dir), "--only", *names])


Running = dict[Future[tuple[Ran, str]], str]


def _run_all(processes: dict[str, ScriptProcess], console: Console) -> dict[str, Ran]:
    ran: dict[str, Ran] = {}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool, console.status("") as status:
        running: Running = {pool.submit(process.run): name for name, process in processes.items()}
        try:
            while running:
                status.update(f"running {', '.join(list(running.values())[:SIDE_BY_SIDE])}")
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                ran |= _show(done, running, console)
        except KeyboardInterrupt:
            for process in processes.values():
                process.interrupt()
            _show(set(running), running, console)
            raise
    return ran


def _show(done: set[Future[tuple[Ran, str]]], running: Running, console: Console) -> dict[str, Ran]:
    shown = {}
    for future in done:
        name = running.pop(future)
        ran, printed = future.result()
        shown[name] = ran
        console.print(f"── {name} ──", highlight=False)
        console.print(printed.rstrip(), highlight=False, markup=False, soft_wrap=True)
        if ran.code:
            console.print(f"{name} ended with exit code {ran.code}.", highlight=False)
    return shown
