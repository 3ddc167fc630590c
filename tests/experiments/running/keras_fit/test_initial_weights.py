"""A seed means the same weights, whatever else in the process draws random numbers."""

import random

import keras
import numpy as np
import pytest

from normlayers.experiments.input_normalization.tracked_fit import tracked_fit
from normlayers.experiments.two_neuron_circle import training

ARMS = ["relu-shifted", "relu-shifted-standardized", "sigmoid-shifted-bn-pre"]


@pytest.fixture
def another_draws(monkeypatch):
    """Calling it is as when another thread draws from Python's generator after each seed."""
    seeded = keras.utils.set_random_seed
    return lambda: monkeypatch.setattr(
        keras.utils, "set_random_seed", lambda seed: (seeded(seed), random.random())
    )


@pytest.mark.parametrize("arm", ARMS)
def test_a_network_of_the_circle(arm, another_draws, monkeypatch):
    built = training.build_model(arm, seed=3)
    another_draws()
    beside = training.build_model(arm, seed=3)
    monkeypatch.setattr(training, "draw_initial_weights", lambda model, seed: None)
    assert weights_differ(training.build_model(arm, seed=3), built)  # the test's own test
    monkeypatch.undo()
    assert not weights_differ(beside, built)
    # As before, and as a reader of the article has them.
    monkeypatch.setattr(training, "draw_initial_weights", lambda model, seed: None)
    assert not weights_differ(training.build_model(arm, seed=3), built)


def weights_differ(one, other):
    return any(
        not np.array_equal(*pair)
        for pair in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def test_a_tracked_fit(another_draws, tmp_path):
    alone = tracked_fit(tmp_path / "alone", standardized=True, epochs=1, seed=3)
    another_draws()
    assert tracked_fit(tmp_path / "beside", standardized=True, epochs=1, seed=3) == alone
