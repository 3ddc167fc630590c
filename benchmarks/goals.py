"""One table of what all benchmarks measured, each number with its goal.

``make benchmark`` runs the benchmarks, each for a minute or so, and then this. ``--readme`` puts
the table into benchmarks/README.md.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from benchmarks.measured import Measured, kept  # noqa: E402
from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- from goals.py -->", "<!-- to here -->"


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write it into benchmarks/README.md")
    return parser.parse_args()


def shown(value: float, unit: str) -> str:
    """A number with its unit."""
    digits = 1 if unit == "%" else 2
    return f"{value:,.{digits}f}{' ' if unit and unit != '%' else ''}{unit}"


def rows(found: dict[str, tuple[str, list[Measured]]]) -> list[tuple[str, ...]]:
    """Benchmark, what, value, goal, and whether it is missed."""
    lines: list[tuple[str, ...]] = []
    for name, (_, numbers) in found.items():
        for one in numbers:
            bound = "≥" if one.at_least else "≤"
            goal = "" if one.goal is None else f"{bound} {shown(one.goal, one.unit)}"
            missed = "" if one.reached else "missed"
            lines.append((name, one.what, shown(one.value, one.unit), goal, missed))
    return lines


def markdown(found: dict[str, tuple[str, list[Measured]]]) -> str:
    """The table for the README."""
    lines = ["| benchmark | what | measured | goal | |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join((f"`{name}`", *rest)) + " |" for name, *rest in rows(found)]
    dates = sorted({date for date, _ in found.values()})
    return f"{' and '.join(dates)}, `make benchmark`:\n\n" + "\n".join(lines) + "\n"


def into(text: str, table: str) -> str:
    """The README with the table between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"benchmarks/README.md has no lines {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n{table}{END}{after}"


def main(options: Namespace) -> None:
    found = kept()
    if not found:
        sys.exit("No benchmark has been run; run: make benchmark")
    from rich.console import Console
    from rich.table import Table

    table = Table(title="All benchmarks")
    for column in ("benchmark", "what", "measured", "goal", ""):
        table.add_column(column, justify="right" if column in ("measured", "goal") else "left")
    for row in rows(found):
        table.add_row(*row, style="bold" if row[-1] else "")
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    if options.readme:
        README.write_text(into(README.read_text(), markdown(found)))


if __name__ == "__main__":
    main(parsed())
