"""Faulty networks repaired, beside their healthy twins and random search over the same cures."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

import normlayers as nl
from benchmarks.fault_injection import recipes
from benchmarks.fault_injection.cases import Case
from benchmarks.fault_injection.diagnosing import Outcome, as_it_came
from benchmarks.fault_injection.families import FAMILIES
from benchmarks.fault_injection.situation import Situation, healthy
from normlayers.diagnosis.evidence.data import read_data
from normlayers.diagnosis.repair.cures.table import CURES
from normlayers.diagnosis.repair.reading import read_given
from normlayers.diagnosis.repair.rows import rows_of
from normlayers.diagnosis.repair.search import Candidate, Search

# A random candidate has one to as many cures.
MOST_CURES = 3
# Of accuracy or R squared: less is no difference.
EQUAL = 0.005


def repaired(case: Case) -> Outcome:
    """Accuracy, or R squared, on held-out rows: healthy, faulty, repaired, and by random search.

    Each is trained for the family's epochs at the end.
    """
    keras.utils.clear_session()
    situation = case.situation()
    twin = healthy(FAMILIES[case.family], case.seed, trained=True)
    outcome: Outcome = {"name": case.name, "healthy": metric(twin.model(), twin)}
    model, _ = as_it_came(situation)
    x, y, size = situation.task.inputs(), situation.y, situation.recipe.batch_size
    started = time.process_time()
    try:
        repair = nl.repair(model, x, y, batch_size=size, seed=case.seed)
    except Exception as error:  # a case that breaks is a result too
        return {**outcome, "error": f"{type(error).__name__}: {error}"[:300]}
    outcome |= {
        "seconds": time.process_time() - started,
        "trials": repair.trials,
        "changes": [f"{change.fault}: {change.done}" for change in repair.changes],
        "worse": repair.worse,
    }
    outcome["repaired"] = trained_metric(repair.model, situation, repair.batch_size)
    found, size = random_search(model, situation, repair.trials, case.seed)
    outcome["random"] = trained_metric(found, situation, size)
    outcome["faulty"] = trained_metric(model, situation, size)
    return outcome


def random_search(
    model: keras.Model, situation: Situation, trials: int, seed: int
) -> tuple[keras.Model, int]:
    """The best model of as many random candidates, and its batch size."""
    keras.utils.set_random_seed(seed)
    data = read_data(model, situation.task.inputs(), situation.y)
    rows = rows_of(model, data, 0.2, seed)
    given = read_given(model, rows, situation.recipe.batch_size)
    search = Search(given, {fault: [] for fault in CURES}, rows, None, trials, seed)
    random = np.random.default_rng([seed, 1])
    search.attempt(Candidate({}))
    while len(search.done) < trials:
        faults = random.choice(list(CURES), random.integers(1, MOST_CURES + 1), replace=False)
        choices = {str(fault): int(random.integers(len(CURES[fault]))) for fault in faults}
        rates = [None, *search.rates()]
        search.attempt(Candidate(choices, rates[random.integers(len(rates))]))
    training = search.model_of(search.best)
    return training.model, training.plan.batch_size


def trained_metric(model: keras.Model, situation: Situation, batch_size: int) -> float:
    """What a model reaches when it is trained for the family's epochs."""
    try:
        recipes.train(
            model,
            situation.task.inputs(),
            situation.y,
            batch_size,
            situation.family.recipe.epochs,
            situation.seed,
        )
        return metric(model, situation)
    except Exception:  # it cannot be trained as it is
        return float("-inf")


def metric(model: keras.Model, situation: Situation) -> float:
    """Accuracy, or R squared, on the held-out rows."""
    x = situation.task.inputs(held=True)
    out: Any = model(x, training=False)
    predicted = np.asarray(keras.ops.convert_to_numpy(out), float)
    y = np.asarray(situation.given_labels(held=True), float)
    if not np.all(np.isfinite(predicted)):
        return float("-inf")
    if situation.task.kind == "regression":
        return float(1 - np.mean((predicted - y) ** 2) / np.var(y))
    truth = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.ravel()
    if predicted.shape[-1] > 1:
        return float(np.mean(predicted.argmax(-1) == truth))
    probabilities = predicted.min() >= 0 and predicted.max() <= 1
    above = predicted.ravel() > (0.5 if probabilities else 0.0)
    labels = np.unique(truth)
    if len(labels) > 2:
        return float(np.mean(above == truth))
    return float(np.mean(above == (truth > labels.mean())))


def share(outcome: Outcome, how: str = "repaired") -> float:
    """Of what the healthy twin reaches; 0 at least."""
    return max(0.0, outcome.get(how, 0.0)) / float(outcome["healthy"])


def won_back(outcome: Outcome, how: str = "repaired") -> bool:
    """Whether at least 90 % of what the healthy twin reaches is reached."""
    return share(outcome, how) >= 0.9


def against_random(outcome: Outcome) -> int:
    """1 where repair ends better than random search, 0 where equal, -1 where worse."""
    difference = outcome.get("repaired", float("-inf")) - outcome.get("random", float("-inf"))
    if np.isnan(difference):
        return 0
    return int(np.sign(difference)) if abs(difference) > EQUAL else 0
