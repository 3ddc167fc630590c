"""A script run in a process of its own, which on Linux starts with Keras imported."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from normlayers.experiments.report.content import Ran

# ``multiprocessing`` reads the exit codes of all that have ended whenever a process starts; of one
# that two threads read at a time, one of them finds nothing, and it counts as failed.
_EXIT_CODES = threading.Lock()


class ScriptProcess:
    """A script, its process and what it prints.

    Args:
        script: the file.
        arguments: its command line.
        width: of the terminal that what it prints is shown on.
    """

    def __init__(self, script: Path, arguments: Sequence[str], width: int) -> None:
        self._script = script
        self._arguments = list(arguments)
        self._width = width
        self._process: Any = None
        self._stopped = self._ended = False

    def run(self) -> tuple[Ran, str]:
        """Run it to its end; how that went, and what it printed."""
        started, began = time.time(), time.perf_counter()
        if self._stopped:
            return Ran(130, 0.0, started), ""
        with tempfile.NamedTemporaryFile() as printed:
            self._process = preloaded_context().Process(
                target=_run, args=(self._script, self._arguments, printed.name, self._width)
            )
            with _EXIT_CODES:
                self._process.start()
            if self._stopped:  # while it was started
                self.interrupt()
            wait([self._process.sentinel])
            with _EXIT_CODES:
                self._process.join()
            self._ended = True
            ran = Ran(self._process.exitcode, time.perf_counter() - began, started)
            return ran, printed.read().decode(errors="replace")

    def interrupt(self) -> None:
        """End it as Ctrl-C does, or keep it from starting."""
        self._stopped = True
        process = self._process
        if process is not None and process.pid is not None and not self._ended:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)


@cache
def preloaded_context() -> Any:
    """Where processes are forked, on Linux, from one that has imported Keras and computed nothing.

    That is one of ``multiprocessing``'s contexts.
    """
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["normlayers.experiments.report.preloaded"])
    return context


def _run(script: Path, arguments: Sequence[str], printed: str, width: int) -> None:
    """In the new process: run the script as ``python`` does, printing to a file."""
    threading.Thread(target=_interrupt_without_parent, daemon=True).start()
    with open(printed, "ab", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    # Its tables are made for a file, and shown on the terminal.
    os.environ["COLUMNS"] = str(width)
    sys.argv = [str(script), *arguments]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")


def _interrupt_without_parent() -> None:
    """End this process as Ctrl-C does once the one that it runs for has ended, killed perhaps."""
    parent = multiprocessing.parent_process()
    main = threading.main_thread().ident
    if parent is None or main is None:
        return
    wait([parent.sentinel])
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as of what a shell runs with &
        os._exit(130)
    signal.pthread_kill(main, signal.SIGINT)
