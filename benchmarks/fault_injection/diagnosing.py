"""Cases diagnosed one by one, in processes of their own, kept as JSON lines."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

import normlayers as nl
from benchmarks.fault_injection.cases import Case
from benchmarks.fault_injection.situation import Situation
from normlayers.diagnosis.rules.table import OF_VALIDATION

# A process holds on to what TensorFlow compiled; a new one takes its place after so many cases.
CASES_A_PROCESS = 60
Outcome = dict[str, Any]


def diagnosed(case: Case) -> Outcome:
    """What was reported about a case, and how long it took."""
    keras.utils.clear_session()
    situation = case.situation()
    model, stopped = as_it_came(situation)
    started = time.perf_counter()
    # Half of the people have rows held out.
    validation = situation.seed % 2 == 0 or case.fault in OF_VALIDATION
    held_out = situation.validation_data if validation else None
    outcome: Outcome = {"name": case.name, "training_stopped": stopped}
    try:
        found = nl.diagnose(model, *situation.data, held_out, situation.recipe.batch_size)
    except Exception as error:  # a case that breaks is a result too
        return {**outcome, "error": f"{type(error).__name__}: {error}"[:300]}
    top = {finding.fault: finding.severity for finding in reversed(found.findings)}
    return {
        **outcome,
        "seconds": time.perf_counter() - started,
        "found": top,
        "under": sorted({finding.fault for finding in found.every()} - set(top)),
        "unchecked": found.unchecked,
        "umlaut": beyond_one(situation.task.x),
    }


def as_it_came(situation: Situation) -> tuple[keras.Model, str]:
    """The network, and the error that training it raised, if it did: then it is as it was."""
    try:
        return situation.model(), ""
    except Exception as error:
        return replace(situation, trained=False).model(), type(error).__name__


def beyond_one(x: tuple[Any, ...]) -> bool:
    """UMLAUT's rule on inputs: any value outside -1 to 1 (Schoop, Huang & Hartmann 2021)."""
    return any(bool(np.any(~(np.abs(values) <= 1))) for values in x)


def kept(path: Path) -> dict[str, Outcome]:
    """Outcomes of an earlier run by case; a line that was cut off does not count."""
    outcomes = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            outcome = json.loads(line)
        except ValueError:
            continue
        outcomes[outcome["name"]] = outcome
    return outcomes


def run(
    cases: list[Case], path: Path, workers: int, work: Callable[[Case], Outcome] = diagnosed
) -> Iterator[tuple[Case, Outcome]]:
    """Every case with its outcome, those that were kept first."""
    before = kept(path)
    yield from ((case, before[case.name]) for case in cases if case.name in before)
    missing = [case for case in cases if case.name not in before]
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, maxtasksperchild=CASES_A_PROCESS) as pool, path.open("a") as file:
        for case, outcome in zip(missing, pool.imap(work, missing), strict=True):
            file.write(json.dumps(outcome) + "\n")
            file.flush()
            yield case, outcome
