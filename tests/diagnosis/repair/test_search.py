from dataclasses import replace

import keras
import numpy as np
import pytest

from normlayers.diagnosis.repair.cures.neurons import rectify, start_afresh
from normlayers.diagnosis.repair.cures.table import CURES
from normlayers.diagnosis.repair.search import Candidate, Search, Trial
from normlayers.diagnosis.repair.target import Score
from normlayers.diagnosis.repair.training import split
from tests.diagnosis.repair.made import classes, classifier, given


def search_of(qualities, rows=2_000, held=0.2):
    """A search that has tried as many candidates, the given model first."""
    x, y = classes(rows)
    parts = split([x], [y], held, 0)
    search = Search(given(classifier(), parts.x, parts.y), {}, parts, 1, 10, 0)
    for i, quality in enumerate(qualities):
        search.done.append(Trial(Candidate({"outliers": i - 1}), Score(quality, quality), ()))
    return search


def chosen(*arguments, **options):
    return search_of(*arguments, **options).best.candidate.choices["outliers"]


def test_of_candidates_that_differ_by_little_the_first_is_the_best():
    assert chosen([0.5, 0.9, 0.909, 0.92]) == 2
    assert chosen([0.5, 0.9, 0.909, 0.905]) == 0


def test_a_cure_stays_unless_the_given_model_is_clearly_better():
    assert chosen([0.909, 0.9]) == 0
    assert chosen([0.95, 0.9]) == -1


def test_one_row_more_that_is_right_decides_nothing():
    one_row = 0.7 / 20  # of the quality, the accuracy of 20 rows
    assert chosen([0.5, 0.9, 0.9 + 0.9 * one_row], rows=100) == 0
    assert chosen([0.5, 0.9, 0.9 + 1.1 * one_row], rows=100) == 1


@pytest.mark.parametrize(("qualities", "tried"), [((0.5, 0.99), 2), ((0.5, 0.9), 8)])
def test_trials_end_where_little_is_left_to_be_won(qualities, tried, monkeypatch):
    search = search_of([])
    search.trials = 8
    scores = iter([Score(quality, 1.0) for quality in qualities])
    search.faults = {"saturated_neurons": ["first"], "inputs_not_scaled": ["features"]}

    def attempt(candidate):
        if len(search.done) < search.trials:
            search.done.append(Trial(candidate, next(scores, Score(0.9, 1.0)), ()))

    monkeypatch.setattr(search, "attempt", attempt)
    attempt(Candidate({}))
    assert search.run().score.quality == max(qualities)
    assert len(search.done) == tried
    assert np.isfinite(search.best.score.quality)


def test_a_cure_is_tried_with_fresh_weights_where_those_that_were_trained_do_not_fit_it(
    monkeypatch,
):
    search = search_of([])
    search.given, search.faults = replace(search.given, trained=True), {"outliers": ["features"]}
    fresh = {"outliers": 0, "weights": 0}

    def attempt(candidate):
        quality = 0.9 if candidate.choices == fresh else 0.4 if candidate.choices else 0.5
        search.done.append(Trial(candidate, Score(quality, quality), ()))

    monkeypatch.setattr(search, "attempt", attempt)
    attempt(Candidate({}))
    assert search.run().candidate == Candidate(fresh)


def test_a_model_whose_faults_have_no_cure_keeps_its_choices(monkeypatch):
    search = search_of([])
    search.done.append(Trial(Candidate({}), Score(0.5, 0.5), ()))
    search.faults = {"learning_rate_too_high": ["optimizer"]}
    monkeypatch.setattr(search, "rates", lambda: [])  # as of a schedule
    assert search.run().candidate == search.done[0].candidate


@pytest.mark.parametrize(
    ("faults", "rates"),
    [
        (["learning_rate_too_high"], lambda rate: rate < 0.003),
        (["learning_rate_too_low"], lambda rate: rate > 0.003),
        (["learning_rate_too_high", "inputs_not_scaled"], lambda rate: rate != 0.003),
    ],
)
def test_a_rate_that_is_too_high_gives_way_to_lower_ones(faults, rates):
    """Unless something else is to be cured too, with which another may suit."""
    search = search_of([0.5])
    search.given.model.optimizer.learning_rate = 0.003
    search.faults = {fault: [""] for fault in faults}
    assert search.rates()
    assert all(map(rates, search.rates()))
    assert len(search.rates()) == (2 if len(faults) > 1 else 1)


def test_cures_that_come_to_the_same_are_tried_once():
    """Of ReLU layers, ReLU in every layer is but fresh weights; a cure left out is none at all."""
    search = search_of([])
    search.faults = {"dead_neurons": ["first"]}
    as_given = search.attempt(Candidate({}))
    cures = CURES["dead_neurons"]
    fresh, rectified = cures.index(start_afresh), cures.index(rectify)
    score = search.attempt(Candidate({"dead_neurons": fresh}))
    assert len(search.done) == 2
    assert search.attempt(Candidate({"dead_neurons": rectified})) == score
    assert search.attempt(Candidate({"dead_neurons": -1})) == as_given
    assert len(search.done) == 2
    search.attempt(Candidate({"dead_neurons": rectified}, 0.001))
    assert len(search.done) == 3


@pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="Keras before 3.15")
def test_no_rates_are_tried_of_an_optimizer_that_has_none_of_its_own():
    search, optimizers = search_of([]), keras.optimizers
    of_each = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam()))
    search.given.model.compile(of_each, "mse")
    assert search.rates() == []
