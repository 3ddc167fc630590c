"""``python -m normlayers.explorer LOGDIR -o run.html`` writes the page of a folder's runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
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
    if not asked.logdir.is_dir():
        parser.error(f"{asked.logdir} is no folder")
    if asked.output.is_dir() or not asked.output.parent.is_dir():
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
    write_page(asked.output, runs, others)
    missing = f", without {len(others)} runs that have no snapshots" if others else ""
    print(f"{asked.output}: {len(runs)} runs{missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
