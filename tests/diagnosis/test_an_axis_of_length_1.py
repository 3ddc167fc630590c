"""Targets with an axis of length 1 at their end, or without it: Keras's losses take both."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence.outputs import compared
from tests.diagnosis.small_models import BINARY, faults

layers = keras.layers
RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(96, 7, 3)).astype("float32")
IMAGES = RNG.normal(size=(60, 6, 5, 1)).astype("float32")


def each_step(activation="sigmoid", loss=BINARY, length=7):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((length, 3)), layers.LSTM(6, return_sequences=True)])
    model.add(layers.Dense(1, activation, name="last"))
    model.compile(keras.optimizers.Adam(0.03), loss)
    return model


def each_pixel():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6, 5, 1)), layers.Conv2D(4, 3, padding="same")])
    model.add(layers.ReLU())
    model.add(layers.Conv2D(1, 1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.03), BINARY)
    return model


@pytest.mark.parametrize("loss", [BINARY, "mse", "mae", "hinge"])
@pytest.mark.parametrize(
    ("y", "output"),
    [
        ((5, 7), (5, 7, 1)),
        ((5, 4, 3), (5, 4, 3, 1)),
        ((5, 7, 1), (5, 7)),
        ((5, 7, 1), (5, 7, 1)),
        ((5,), (5, 1)),
        ((5, 1), (5,)),
    ],
)
def test_targets_in_the_form_in_which_keras_compares_them(loss, y, output):
    y = RNG.integers(0, 2, y).astype("float32")
    predicted = RNG.uniform(0.1, 0.9, output).astype("float32")
    model = keras.Sequential([keras.Input(output[1:]), layers.Identity()])
    model.compile("sgd", loss)
    of_pairs = keras.losses.get(loss)(y.reshape(-1, 1), predicted.reshape(-1, 1))
    for form in (y, compared(y, output)):
        found = model.compute_loss(y=form, y_pred=keras.ops.convert_to_tensor(predicted))
        assert float(found) == pytest.approx(np.mean(keras.ops.convert_to_numpy(of_pairs)), 1e-5)
    assert compared(y, output).size == y.size


def test_other_lengths_are_left_alone():
    y = np.zeros((5, 7))
    assert compared(y, (5, 9, 1)).shape == (5, 7)
    assert compared(y, (None, None, 1)).shape == (5, 7, 1)


@pytest.mark.parametrize("length", [7, None])
@pytest.mark.parametrize("axis", [(), (1,)])
def test_binary_targets_of_each_step(length, axis):
    model, y = each_step(length=length), (STEPS[:, :, 0] > 0).astype("float32")
    y = y.reshape(*y.shape, *axis)
    assert "labels_do_not_fit_output" not in faults(model, STEPS, y)
    done = nl.repair(model, STEPS * 1e3, y, trials=2, epochs=15)
    assert [change.fault for change in done.changes][:1] == ["inputs_not_scaled"]
    assert done.after > 0.85
    predicted = done.model.predict(STEPS * 1e3, verbose=0)
    assert predicted.shape == (96, 7, 1)
    assert np.mean((predicted[..., 0] > 0.5) == (STEPS[:, :, 0] > 0)) > 0.85


def test_binary_targets_of_each_pixel():
    y = (IMAGES[..., 0] > 0).astype("int64")
    assert "labels_do_not_fit_output" not in faults(each_pixel(), IMAGES, y)
    done = nl.repair(each_pixel(), IMAGES * 1e3, y, trials=2, epochs=20)
    assert done.after > 0.85


def test_amounts_of_each_step():
    y = 300 * STEPS[:, :, 0] + 1000
    done = nl.repair(each_step(None, "mse"), STEPS, y, trials=3, epochs=20)
    assert [change.fault for change in done.changes][:1] == ["targets_not_scaled"]
    assert not [said for said in done.remarks if "could not be trained" in said]
    residual = done.model.predict(STEPS, verbose=0)[..., 0] - y
    assert 1 - residual.var() / y.var() > 0.8


def test_labels_that_do_not_fit_are_found_in_either_form():
    y = RNG.integers(0, 2, (96, 7)) + 1
    for labels in (y, y[..., None]):
        assert "labels_do_not_fit_output" in faults(each_step(), STEPS, labels)
