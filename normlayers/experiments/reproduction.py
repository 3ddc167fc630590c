"""All experiments in one go, two side by side, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from rich.console import Console

from normlayers.experiments.claims_table import claims_markdown
from normlayers.experiments.command_line import UsageError
from normlayers.experiments.whole_files import write_whole

# The longest first; their scripts have these names.
EXPERIMENTS = ("two_neuron_ensemble", "two_neuron_circle", "activation_odds")
SIDE_BY_SIDE = 2
CLAIMS = "claims.md"


def reproduce(
    scripts: Path,
    log_dir: Path,
    only: Sequence[str] = EXPERIMENTS,
    start_over: bool = False,
    console: Console | None = None,
) -> int:
    """Run experiments, print what each prints once it ends, and write all claims to a page.

    What an earlier run has finished is taken up by the experiments themselves.

    Args:
        scripts: the folder of the experiments' scripts.
        log_dir: where everything goes; each experiment to a folder of its name.
        only: some of ``EXPERIMENTS``.
        start_over: remove what earlier runs wrote first.
        console: where to print.

    Returns:
        0, or the exit code of an experiment that failed; the others are run to their end.

    Raises:
        UsageError: there is no such experiment. Nothing was run.
    """
    console = console or Console()
    unknown = [name for name in only if name not in EXPERIMENTS]
    if unknown:
        raise UsageError(
            f"there is no experiment {unknown[0]!r}; there are {', '.join(EXPERIMENTS)}."
        )
    chosen = [name for name in EXPERIMENTS if name in only]
    processes = {
        name: _Process(
            [sys.executable, str(scripts / f"{name}.py"), "--log-dir", str(log_dir / name)]
            + ["--start-over"] * start_over,
            console.width,
        )
        for name in chosen
    }
    code = _run_all(processes, console)
    rows = [row for name in chosen for row in _claims_of(log_dir / name)]
    if rows and not code:
        rows.sort(key=_by_article_and_number)
        write_whole(log_dir / CLAIMS, claims_markdown(rows).encode())
        verdicts = Counter(row["verdict"] for row in rows)
        counted = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.most_common())
        console.print(
            f"{len(rows)} claims checked: {counted}. Table: {log_dir / CLAIMS}", highlight=False
        )
    return code


class _Process:
    """A script that is run, and what it printed."""

    def __init__(self, command: list[str], width: int) -> None:
        self._command = command
        # Its tables are made for a file, and shown on the terminal.
        self._environment = {**os.environ, "COLUMNS": str(width)}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> tuple[int, str]:
        """Run it to its end; its exit code, and what it printed."""
        if self._stopped:
            return 130, ""
        with tempfile.TemporaryFile() as printed:
            self._process = subprocess.Popen(
                self._command, stdout=printed, stderr=subprocess.STDOUT, env=self._environment
            )
            code = self._process.wait()
            printed.seek(0)
            return code, printed.read().decode(errors="replace")

    def interrupt(self) -> None:
        """End it as Ctrl-C does, or keep it from starting."""
        self._stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)


def _run_all(processes: dict[str, _Process], console: Console) -> int:
    code = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool, console.status("") as status:
        running: dict[Future[tuple[int, str]], str] = {
            pool.submit(process.run): name for name, process in processes.items()
        }
        try:
            while running:
                status.update(f"running {', '.join(list(running.values())[:SIDE_BY_SIDE])}")
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                code = max(code, _show(done, running, console))
        except KeyboardInterrupt:
            for process in processes.values():
                process.interrupt()
            _show(set(running), running, console)
            raise
    return code


def _show(
    done: set[Future[tuple[int, str]]],
    running: dict[Future[tuple[int, str]], str],
    console: Console,
) -> int:
    code = 0
    for future in done:
        name = running.pop(future)
        ended_with, printed = future.result()
        code = max(code, abs(ended_with))
        console.print(f"── {name} ──", highlight=False)
        console.print(printed.rstrip(), highlight=False, markup=False, soft_wrap=True)
        if ended_with:
            console.print(f"{name} ended with exit code {ended_with}.", highlight=False)
    return code


def _claims_of(log_dir: Path) -> list[dict[str, Any]]:
    try:
        claims = json.loads((log_dir / "results.json").read_text())["claims"]
    except (OSError, ValueError, KeyError):
        return []
    return list(claims)


def _by_article_and_number(row: dict[str, Any]) -> tuple[str, int]:
    article, number = row["id"].split(".")
    return article, int(number)
