import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.layers.standardize import Standardize
from tests.diagnosis.small_models import (
    BINARY,
    SPARSE,
    classifier,
    faults,
    found,
    network,
    points,
)

X, Y = points()
CLASSES = np.digitize(X[:, 2], [-0.4, 0.4])
ONE_HOT = np.eye(3)[CLASSES]


def regression(output=None, units=1, loss="mse"):
    return classifier(output=output, units=units, loss=loss)


@pytest.mark.parametrize(
    ("scale", "offset", "severity"),
    [(77, 152, "error"), (1, 100, "error"), (1e-3, 0, "warning"), (9, 22, "warning"), (2, 3, None)],
)
def test_targets_far_from_unit_scale(scale, offset, severity):
    y = X[:, 0] * scale + offset
    told = found("targets_not_scaled", regression(), X, y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_relative_losses_and_classes_have_no_scale():
    y = np.exp(X[:, 0]) * 1e3
    assert not found("targets_not_scaled", regression(loss="mape"), X, y)
    assert not found("targets_not_scaled", classifier(units=3, loss=SPARSE), X, CLASSES)


@pytest.mark.parametrize(
    ("y", "units", "output", "loss"),
    [
        (Y + 1, 1, "sigmoid", BINARY),
        (2 * Y - 1, 1, "sigmoid", BINARY),
        (CLASSES, 1, "sigmoid", BINARY),
        (Y, 2, "softmax", BINARY),
        (CLASSES + 1, 3, "softmax", SPARSE),
        (CLASSES - 1, 3, "softmax", SPARSE),
        (CLASSES, 2, "softmax", SPARSE),
        (X[:, 0], 3, "softmax", SPARSE),
        (ONE_HOT, 3, "softmax", SPARSE),
        (CLASSES, 3, "softmax", "categorical_crossentropy"),
        (CLASSES[:, None], 3, "softmax", "categorical_crossentropy"),
        (ONE_HOT, 4, "softmax", "categorical_crossentropy"),
        (np.maximum(ONE_HOT, np.roll(ONE_HOT, 1, 1)), 3, "softmax", "categorical_crossentropy"),
        (X[:, 0], 2, None, "mse"),
        (X[:, 0] - 3, 1, "softplus", "msle"),
        (X[:, 0] - 3, 1, "exponential", "poisson"),
    ],
)
def test_labels_that_do_not_fit(y, units, output, loss):
    model = classifier(units=units, output=output, loss=loss)
    (finding,) = found("labels_do_not_fit_output", model, X, y)
    assert (finding.severity, finding.where) == ("error", finding.where)
    assert finding.evidence["units"] == units


@pytest.mark.parametrize(
    ("y", "units", "output", "loss"),
    [
        (Y, 1, "sigmoid", BINARY),
        (Y.astype("float64")[:, None], 1, "sigmoid", keras.losses.BinaryCrossentropy()),
        (Y.astype(bool), 1, "sigmoid", BINARY),
        (np.eye(2)[Y], 2, "softmax", BINARY),
        (CLASSES, 3, "softmax", SPARSE),
        (CLASSES[:, None].astype("float32"), 3, "softmax", SPARSE),
        (ONE_HOT, 3, "softmax", keras.losses.CategoricalCrossentropy()),
        (0.9 * ONE_HOT + 0.1 / 3, 3, "softmax", "categorical_crossentropy"),
        (X[:, :2], 2, None, "mae"),
        (X[:, 0], 1, None, keras.losses.Huber()),
        (np.abs(X[:, 0]), 1, "relu", "mse"),
        (2 * Y - 1, 1, "tanh", "hinge"),
    ],
)
def test_labels_that_fit(y, units, output, loss):
    assert faults(classifier(units=units, output=output, loss=loss), X, y) == set()


def test_without_targets_or_a_loss_they_are_not_checked():
    for model, y, why in (
        (classifier(), None, "y is missing"),
        (classifier(loss=None), Y, "the model is not compiled with a loss"),
    ):
        from normlayers.diagnosis.diagnose import look

        unchecked = look(model, X, y, trials=False).unchecked
        assert unchecked["labels_do_not_fit_output"] == why
        assert unchecked["targets_not_scaled"] == why


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (CLASSES, 3),
        (CLASSES[:, None] + 1, 3),
        (CLASSES * 2, 0),
        (Y, 0),
        (X[:, 2], 0),
        (np.where(np.arange(len(X)) < 4, 3, CLASSES), 0),  # of four rows: counts have such tails
    ],
)
def test_numbers_of_classes_as_amounts_are_noted(y, classes):
    told = found("labels_do_not_fit_output", regression(), X, y)
    assert [(each.severity, each.repairable) for each in told] == [("note", False)] * bool(classes)
    assert all(f"{classes} units with softmax" in each.cure for each in told)


def gated(scale):
    """A gate that multiplies is no scale of the output."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    gate = keras.layers.Dense(1, "sigmoid")(inputs)
    output = keras.layers.Dense(1)(inputs) * gate * scale
    model = keras.Model(inputs, output)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(
    ("scale", "size", "told"), [(1.0, 1.0, False), (1.0, 1e3, True), (1e3, 1e3, False)]
)
def test_what_a_gate_makes_of_an_output_is_not_taken_for_its_scale(scale, size, told):
    assert bool(found("targets_not_scaled", gated(scale), X, X[:, 0] * size)) == told


def test_the_column_that_is_far_off_is_named():
    y = np.c_[X[:, 0], 3e5 + 1e5 * X[:, 1], X[:, 2]]
    (finding,) = found("targets_not_scaled", regression(units=3), X, y)
    assert ", column 1, have mean 3" in finding.message
    assert finding.evidence["mean"] == pytest.approx(y[:, 1].mean())


def test_columns_that_a_layer_takes_back_one_by_one_are_scaled():
    back = Standardize(mean=[0.0, 3e5], variance=[1.0, 1e10], invert=True)
    model = network(keras.layers.Dense(2), back, loss="mse")
    y = np.c_[X[:, 0], 3e5 + 1e5 * X[:, 1]]
    assert not found("targets_not_scaled", model, X, y)
    (finding,) = found("targets_not_scaled", model, X, y[:, ::-1])
    assert finding.evidence["column"] == 0


@pytest.mark.parametrize(
    ("smallest", "severity"), [(0.0, "error"), (1e-5, "error"), (1e-3, None), (0.1, None)]
)
@pytest.mark.parametrize("loss", ["mape", keras.losses.MeanAbsolutePercentageError()])
def test_percentages_of_targets_next_to_0(smallest, severity, loss):
    y = np.random.default_rng(0).uniform(1, 2, len(X))
    y[::9] = smallest
    model = classifier(output=None, loss=loss)
    told = found("labels_do_not_fit_output", model, X, y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])
    assert not found("labels_do_not_fit_output", classifier(output=None, loss="mae"), X, y)


def test_percentages_of_targets_next_to_0_are_learned_by_another_loss():
    y = np.abs(X[:, :1]) * (np.arange(len(X)) % 5 > 0)[:, None]
    repaired = nl.repair(classifier(output=None, loss="mape"), X, y, epochs=3, trials=3)
    (change,) = [c for c in repaired.changes if c.fault == "labels_do_not_fit_output"]
    assert "mean_absolute_error" in change.done
    assert not repaired.diagnosis.of("labels_do_not_fit_output")
