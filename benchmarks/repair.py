"""What ``normlayers.repair`` wins back of injected faults, against random search over its cures.

Each faulty network is repaired and then trained for as long as its healthy twin; so is what random
search found with as many short trainings. Outcomes are kept as JSON lines, so that an interrupted
run goes on.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20, help="of each fault")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--half", choices=["tuning", "reporting"], default="reporting")
    parser.add_argument("--fault", action="append", help="only this one")
    parser.add_argument("--each", action="store_true", help="list what was not won back")
    parser.add_argument("--kept", type=Path, default=Path("logs/repair.jsonl"), help="outcomes")
    options = parser.parse_args()
    if options.cases < 1:
        parser.error(f"--cases must be at least 1, not {options.cases}.")
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from benchmarks.fault_injection.cases import FAULTS, Case, faulty_cases, known
    from benchmarks.fault_injection.diagnosing import Outcome, run
    from benchmarks.fault_injection.repairing import against_random, repaired, share, won_back
    from benchmarks.measured import Measured, keep
    from normlayers.diagnosis.rules.table import OF_VALIDATION

Results = list[tuple[Case, Outcome]]


def by_fault(results: Results) -> dict[str, list[Outcome]]:
    """The outcomes of each fault that has any."""
    found: dict[str, list[Outcome]] = {fault: [] for fault in FAULTS}
    for case, outcome in results:
        found[case.fault].append(outcome)
    return {fault: outcomes for fault, outcomes in found.items() if outcomes}


def mean_share(outcomes: list[Outcome], how: str) -> float:
    """The mean share of the healthy twin's accuracy or R squared."""
    return sum(share(outcome, how) for outcome in outcomes) / len(outcomes)


def repair_table(results: Results, title: str) -> Table:
    """For each fault, how often 90 % is won back, and how repair ends against random search."""
    table = Table(title=title)
    table.add_column("fault", no_wrap=True)
    ways = ("faulty", "repaired", "random")
    for heading in ("cases", *ways, "mean repaired", "mean random", "better", "equal", "worse"):
        table.add_column(heading, justify="right")
    for fault, outcomes in {**by_fault(results), "all": [o for _, o in results]}.items():
        won = [sum(won_back(o, how) for o in outcomes) / len(outcomes) for how in ways]
        means = [mean_share(outcomes, how) for how in ways[1:]]
        signs = [against_random(outcome) for outcome in outcomes]
        counts = [str(signs.count(sign)) for sign in (1, 0, -1)]
        table.add_row(
            fault, str(len(outcomes)), *(f"{value:.2f}" for value in (*won, *means)), *counts
        )
    table.caption = (
        "Shares of cases that reach 90 % of the healthy twin's accuracy or R squared as they are, "
        "repaired, and with what random search found; the means of these shares; and the cases in "
        "which repair ends better than random search, equal, and worse."
    )
    return table


def goals(results: Results) -> list[Measured]:
    """What repair must reach."""
    outcomes = [outcome for _, outcome in results]
    won = 100 * sum(map(won_back, outcomes)) / len(outcomes)
    better = 100 * sum(against_random(outcome) > 0 for outcome in outcomes) / len(outcomes)
    faults = by_fault(results).values()
    ahead = sum(mean_share(one, "repaired") > mean_share(one, "random") for one in faults)
    return [
        Measured("cases in which 90 % is won back", won, 90.0, "%", True),
        Measured("cases in which repair beats random search", better, 80.0, "%", True),
        Measured(
            "faults of which repair wins back more than random search, on the mean",
            100 * ahead / len(faults),
            80.0,
            "%",
            True,
        ),
    ]


def main(options: Namespace) -> None:
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 140)
    cases = faulty_cases(options.cases, options.half)
    # Of validation data nothing in the model is wrong: the data to come are.
    asked = known(options.fault) or [fault for fault in FAULTS if fault not in OF_VALIDATION]
    cases = [case for case in cases if case.fault in asked]
    done = run(cases, options.kept, options.workers, repaired)
    results = list(track(done, total=len(cases), console=Console(stderr=True)))
    console.print(repair_table(results, f"{options.half} half"))
    measured = goals(results)
    for one in measured:
        console.print(f"{one.what}: {one.value:.0f} % (goal: {one.goal:.0f} %)")
    if not options.fault:
        keep("repair", measured)
    if options.each:
        for case, outcome in results:
            if not won_back(outcome):
                console.print(f"{case.name}: {outcome}", markup=False)


if __name__ == "__main__":
    main(OPTIONS)
