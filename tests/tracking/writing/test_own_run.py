"""Copies of a tracker, as searches over many models make them, and what is kept of one."""

import copy
import pickle

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.tensorboard_reader import Read

WAYS = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda tracker: pickle.loads(pickle.dumps(tracker)),
}


def fit(tracker, points, units=2):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden, last = (layers.Dense(units, "relu", name="a"), layers.Dense(1, "sigmoid", name="b"))
    model = keras.Sequential([hidden, last])
    model.compile("sgd", "binary_crossentropy")
    return model.fit(*points, epochs=2, verbose=0, callbacks=[tracker])


@pytest.mark.filterwarnings("ignore:ActivationTracker")  # of runs that are there already
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_a_copy_of_a_used_tracker_has_a_run_of_its_own(way, unit, points, tmp_path):
    options = {"unit": unit, "diagnose": True, "films": True, "tolerance": 0.1}
    used = nl.ActivationTracker(tmp_path / "run", *points, **options)
    fit(used, points)
    before = used.history
    made = WAYS[way](used)
    assert type(made) is nl.ActivationTracker
    for name, values in before.items():
        np.testing.assert_array_equal(made.history[name], values)
    assert (made.model, made.params) == (None, None)
    fit(made, points, units=3)
    assert made.log_dir == tmp_path / "run-2"
    alone = nl.ActivationTracker(tmp_path / "alone", *points, **options)
    fit(alone, points, units=3)
    for name, values in alone.history.items():
        np.testing.assert_array_equal(made.history[name], values)
    assert set(made.history) == set(alone.history)
    for name, values in before.items():
        np.testing.assert_array_equal(used.history[name], values)
    steps = [Read(folder).steps("linearity") for folder in (made.log_dir, alone.log_dir)]
    assert steps[0] == steps[1] == made.history["step"].tolist()


def test_a_copy_that_is_made_while_it_is_watched_ends_nothing(points, tmp_path):
    class Copying(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.made = copy.deepcopy(tracker)

    tracker, copying = nl.ActivationTracker(tmp_path / "run", *points), Copying()
    model = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    model.fit(*points, epochs=2, verbose=0, callbacks=[tracker, copying])
    assert tracker.history["step"].tolist() == [0, 1, 2]
    assert copying.made.history["step"].tolist() == [0, 1, 2]
    assert Read(tmp_path / "run").steps("linearity") == [0, 1, 2]


class Named(nl.ActivationTracker):
    def __init__(self, name, *arguments):
        super().__init__(*arguments)
        self.name = name


def test_a_class_made_of_it_keeps_its_own_attributes(points, tmp_path):
    assert copy.deepcopy(Named("mine", tmp_path / "run", *points)).name == "mine"
