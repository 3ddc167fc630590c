"""What a benchmark measured, each with its goal, kept for the table of all benchmarks."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

# Tests of the benchmarks keep what they measure elsewhere.
FOLDER = Path(
    os.environ.get("BENCHMARKS_FOLDER", Path(__file__).parents[1] / "logs" / "benchmarks")
)


@dataclass(frozen=True)
class Measured:
    """A number with its goal.

    Args:
        what: what was measured, and against what.
        value: the number; a ratio where ``unit`` is empty.
        goal: the most it should be, or the least; ``None`` where it has none.
        unit: ``""``, ``"s"``, ``"%"``.
        at_least: whether the goal is the least.
    """

    what: str
    value: float
    goal: float | None = None
    unit: str = ""
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the value is as good as the goal; always where there is none."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def keep(benchmark: str, measured: Sequence[Measured], folder: Path = FOLDER) -> None:
    """Write a benchmark's numbers, in the place of those of its last run.

    Args:
        benchmark: name of its script, without ``.py``.
        measured: the numbers.
        folder: where all benchmarks' are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "measured": [asdict(m) for m in measured]}
    part = folder / f"{benchmark}.json.part"
    part.write_text(json.dumps(found, indent=1))
    part.replace(folder / f"{benchmark}.json")


def kept(folder: Path = FOLDER) -> dict[str, tuple[str, list[Measured]]]:
    """Date and numbers of each benchmark that was run, by name."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text())
        found[path.stem] = content["date"], [Measured(**fields) for fields in content["measured"]]
    return found
