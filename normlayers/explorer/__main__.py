"""``python -m normlayers.explorer LOGDIR -o run.html`` writes the page of a folder's runs."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence, Sized
from pathlib import Path

from normlayers.explorer.page import Run, write_page
from normlayers.explorer.runs import FolderRuns
from normlayers.explorer.snapshot import CorruptSnapshotError


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, and say what is not on it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m normlayers.explorer", description=__doc__)
    parser.add_argument("logdir", type=Path, help="the folder that TensorBoard would be opened on")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the HTML file to write")
    asked = parser.parse_args(arguments)
    # Not with pathlib, which raises what is wrong with a name.
    if not os.path.isdir(asked.logdir):
        parser.error(f"{asked.logdir} is no folder")
    if os.path.isdir(asked.output) or not os.path.isdir(asked.output.parent):
        parser.error(f"{asked.output} is no file in a folder that is there")
    runs: list[Run] = []
    others = []
    found = FolderRuns(asked.logdir)
    for name in found.names():
        try:
            run = found.read(name)
        except CorruptSnapshotError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        if run is None:
            others.append(name)
            continue
        runs.append(run)
        for skipped in run[0]["skipped"]:
            print(f"left out: step {skipped['step']} of {name}: {skipped['why']}", file=sys.stderr)
    if not runs:
        print(
            f"no run in {asked.logdir} has snapshots; ActivationTracker records them unless it is "
            "given snapshots=False",
            file=sys.stderr,
        )
        return 1
    try:
        write_page(asked.output, runs, others)
    except OSError as error:
        print(f"{asked.output} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    missing = f", without {_counted(others)} with no snapshots" if others else ""
    print(f"{asked.output}: {_counted(runs)}{missing}")
    return 0


def _counted(runs: Sized) -> str:
    return f"{len(runs)} run{'s' * (len(runs) != 1)}"


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An output of another encoding shows "?" where it has no such character.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
