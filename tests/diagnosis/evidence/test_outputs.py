import keras
import numpy as np
import pytest

from normlayers.diagnosis.evidence.calls import record
from normlayers.diagnosis.evidence.outputs import in_order, outputs_of

RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(8, 5, 2)).astype("float32")


def output(loss, y, units=1):
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.Dense(units, "sigmoid")])
    (found,) = outputs_of(model, record(model, keras.ops.convert_to_tensor(STEPS)), loss, y, y)
    return found


@pytest.mark.parametrize(
    ("loss", "y", "units", "refused"),
    [
        ("binary_crossentropy", np.zeros((8, 5)), 1, False),
        ("binary_crossentropy", np.zeros(8), 1, True),
        ("sparse_categorical_crossentropy", np.zeros((8, 5), int), 3, False),
        ("sparse_categorical_crossentropy", np.zeros(8, int), 3, True),
        ("mse", np.zeros((8, 5, 1)), 2, False),  # broadcast, whether or not that is meant
        ("mse", np.zeros((8, 4, 1)), 1, True),
        ("mse", np.full((8, 4, 1), np.nan), 1, False),  # of which nothing is known
        (None, np.zeros(8), 1, False),
    ],
)
def test_whether_a_loss_takes_targets_of_another_shape(loss, y, units, refused):
    assert bool(output(loss, y, units).refused) == refused


def test_targets_come_in_the_form_in_which_they_are_compared():
    assert output("mse", np.zeros((8, 5))).targets.shape == (8, 5, 1)


def test_outputs_that_are_not_named_come_in_the_order_of_keras():
    assert in_order({"b": 2, "a": 1}, ["b", "c"]) == [2, None]
    assert in_order({"b": 2, "a": 1}, ["output 0", "output 1"]) == [1, 2]
