"""Contestants timed in turns, shown as ratios to the first."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

Contestants = dict[str, Callable[[], object]]


def medians(
    contestants: Contestants, rounds: int, repeats: int = 1, uncounted: int = 1
) -> dict[str, float]:
    """Median seconds of a run of each.

    The first run of a turn does not count, and every round has its own order: a contestant pays
    for the memory and the caches that the one before it left.

    Args:
        contestants: what runs, by name.
        rounds: how often each has its turn.
        repeats: how often each runs in a turn.
        uncounted: runs before these; 0 where one takes so long that it makes no difference.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(contestants), len(contestants)):
            work = contestants[name]
            for _ in range(uncounted):
                work()
            started = time.perf_counter()
            for _ in range(repeats):
                work()
            times[name].append((time.perf_counter() - started) / repeats)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def show(title: str, seconds: dict[str, float]) -> None:
    """A table of ratios to the first contestant."""
    table = Table(title=title)
    table.add_column("what")
    table.add_column("milliseconds", justify="right")
    table.add_column("ratio", justify="right")
    first = next(iter(seconds.values()))
    for name, value in seconds.items():
        table.add_row(name, f"{value * 1e3:,.3g}", f"{value / first:.2f}")
    Console().print(table)
