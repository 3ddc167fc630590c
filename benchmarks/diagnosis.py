"""How many injected faults ``normlayers.diagnose`` names, and how often it names what is not there.

Healthy networks, each shown to train, and faults injected into them. Thresholds are
set on the families in ``TUNING``; what counts is the other half. Outcomes are kept as JSON lines,
so that an interrupted run goes on. ``--cases 1`` is a small run.
"""

from __future__ import annotations

import statistics
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
    parser.add_argument("--cases", type=int, default=26, help="of each fault and half")
    parser.add_argument("--seeds", type=int, default=6, help="of each healthy network and state")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--half", choices=["tuning", "reporting"], help="only this half")
    parser.add_argument("--fault", action="append", help="only this one, and healthy networks")
    parser.add_argument("--each", action="store_true", help="list the cases that went wrong")
    parser.add_argument("--kept", type=Path, default=Path("logs/diagnosis.jsonl"), help="outcomes")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from benchmarks.fault_injection import scores
    from benchmarks.fault_injection.cases import FAULTS, faulty_cases, healthy_cases, known
    from benchmarks.fault_injection.diagnosing import run
    from benchmarks.measured import Measured, keep


def fault_table(results: scores.Results, title: str) -> Table:
    """Recall and precision of each fault."""
    table = Table(title=title)
    table.add_column("fault", no_wrap=True)
    for heading in ("cases", "recall", "under another", "wrongly", "precision"):
        table.add_column(heading, justify="right")
    table.add_column("reported instead", min_width=30)
    for fault, score in scores.fault_scores(results).items():
        instead = ", ".join(f"{name} {n}" for name, n in score.instead.most_common(4))
        numbers = f"{score.recall:.2f}", str(score.under), str(score.wrong)
        table.add_row(fault, str(score.cases), *numbers, f"{score.precision:.2f}", instead)
    return table


def summary(results: scores.Results) -> list[str]:
    """False alarms, time, and the baseline, in sentences."""
    healthy, errors, warned = scores.false_alarms(results)
    umlaut = scores.umlaut_score(results)
    seconds = sorted(outcome["seconds"] for _, outcome in results if "seconds" in outcome)
    broken = [(case, outcome) for case, outcome in results if "error" in outcome]
    lines = [
        f"Healthy cases: {healthy}; an error in {errors}, an error or a warning in {warned}.",
        f"UMLAUT's rule (inputs outside -1 to 1), scale and centre: recall {umlaut.recall:.2f}, "
        f"precision {umlaut.precision:.2f} against healthy cases; {umlaut.wrong} of them alarmed.",
        *(f"raised: {case.name}: {outcome['error']}" for case, outcome in broken[:20]),
    ]
    if seconds:
        high = seconds[int(0.95 * (len(seconds) - 1))]
        median = statistics.median(seconds)
        lines.append(f"Seconds a diagnosis: median {median:.2f}, 95th percentile {high:.2f}.")
    return lines


def wrong_cases(results: scores.Results) -> list[str]:
    """Each case with a miss or a false report, with what was reported."""
    lines = []
    for case, outcome in results:
        found = outcome.get("found", {})
        extra = set(found) - case.allowed() - {case.fault}
        if extra or (case.fault and case.fault not in found):
            shown = ", ".join(f"{fault} ({severity})" for fault, severity in found.items())
            under = ", ".join(outcome.get("under", []))
            lines.append(f"{case.name} -> {shown or outcome.get('error', 'nothing')} [{under}]")
    return lines


def against_goals(results: scores.Results) -> list[Measured]:
    """Mean recall and precision, and false alarms."""
    measured = []
    found = scores.fault_scores(results)
    kinds = {
        "inputs and targets": (scores.INPUTS_AND_TARGETS, 95.0, 90.0),
        "the others": (
            [fault for fault in FAULTS if fault not in scores.INPUTS_AND_TARGETS], 90.0, 85.0
        ),
    }  # fmt: skip
    for kind, (faults, recall, precision) in kinds.items():
        of = [found[fault] for fault in faults if found[fault].cases]
        right, wrong = sum(score.right for score in of), sum(score.wrong for score in of)
        cases = sum(score.cases for score in of)
        share = 100 * right / cases if cases else float("nan")
        measured += [
            Measured(f"faults of {kind} found", share, recall, "%", True),
            Measured(
                f"faults of {kind}, right of those reported",
                100 * right / max(1, right + wrong), precision, "%", True,
            ),
        ]  # fmt: skip
    healthy, errors, warned = scores.false_alarms(results)
    return [
        *measured,
        Measured("healthy networks with an error", 100 * errors / max(1, healthy), 1.0, "%"),
        Measured("healthy networks with a warning", 100 * warned / max(1, healthy), 5.0, "%"),
    ]


def main(options: Namespace) -> None:
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 140)
    cases = [
        *healthy_cases(options.seeds, options.half),
        *faulty_cases(options.cases, options.half),
    ]
    asked = known(options.fault) or FAULTS
    cases = [case for case in cases if case.fault in ("", *asked)]
    done = run(cases, options.kept, options.workers)
    results = list(track(done, total=len(cases), console=Console(stderr=True)))
    for half in [options.half] if options.half else ["tuning", "reporting"]:
        part = [(case, outcome) for case, outcome in results if case.half == half]
        console.print(fault_table(part, f"{half} half: {len(part)} cases"))
        console.print("\n".join(summary(part)))
        if options.each:
            console.print("\n".join(wrong_cases(part)), markup=False)
        if half == "reporting" and not options.fault:
            keep("diagnosis", against_goals(part))


if __name__ == "__main__":
    main(OPTIONS)
