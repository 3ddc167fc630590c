"""Targets that are NaN, and classes that the loss leaves out."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.diagnose import look
from normlayers.diagnosis.evidence.losses import known_loss
from normlayers.diagnosis.repair.cures.outputs import fit_output
from normlayers.diagnosis.repair.target import NONE, Target, score, target_of
from tests.diagnosis.repair.made import given
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, faults, found, points

X, Y = points()
CLASSES = np.digitize(X[:, 2], [-0.4, 0.4])
WITHOUT = CLASSES.copy()
WITHOUT[::7] = -1
CATEGORICAL = "categorical_crossentropy"
layers = keras.layers


def leaves_out(ignored=-1, **options):
    return keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored, **options)


def with_nan(y):
    y = np.array(y, "float32")
    y.reshape(len(y), -1)[5, 0] = np.nan
    return y


def test_a_class_that_the_loss_leaves_out_is_no_error():
    assert known_loss(leaves_out()).ignored == -1
    model = classifier(units=3, output="softmax", loss=leaves_out())
    assert faults(model, X, WITHOUT) == set()
    assert faults(model, X, np.full(len(X), -1)) == set()
    other = classifier(units=3, output="softmax", loss=leaves_out(255))
    assert "labels_do_not_fit_output" in faults(other, X, WITHOUT)


@pytest.mark.parametrize("logits", [False, True])
def test_a_class_that_the_loss_leaves_out_is_not_scored(logits):
    chances = np.random.default_rng(0).dirichlet(np.ones(3), len(X))
    target = target_of(WITHOUT, known_loss(leaves_out()), 3, "softmax")
    assert target.labels == (0.0, 1.0, 2.0)
    predicted = np.log(chances) if logits else chances
    counted = WITHOUT >= 0
    expected = score(Target("classes"), WITHOUT[counted], predicted[counted], 0.0, logits)
    assert score(target, WITHOUT, predicted, 0.0, logits) == expected
    assert score(target, WITHOUT * 0 - 1, predicted, 0.0, logits) == NONE


def test_an_output_that_is_to_have_more_units_still_leaves_the_class_out():
    model = classifier(units=2, output="softmax", loss=leaves_out())
    assert "labels_do_not_fit_output" in faults(model, X, WITHOUT)
    other = given(model, X, WITHOUT)
    plan = fit_output(other.plan(), other, "labels_do_not_fit_output", [])
    assert plan.losses[0].get_config()["ignore_class"] == -1
    assert "3 softmax units" in plan.changes[0].done


def test_repair_of_classes_in_each_step_some_of_which_are_left_out():
    x = np.random.default_rng(0).normal(size=(96, 5, 3)).astype("float32")
    y = x.argmax(-1)
    y[:, 0] = -1
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5, 3)), layers.Dense(16, "relu")])
    model.add(layers.Dense(3, "softmax"))
    model.compile(keras.optimizers.Adam(0.03), leaves_out())
    assert "labels_do_not_fit_output" not in faults(model, x, y)
    done = nl.repair(model, x * 1e3, y, trials=1)
    right = done.model.predict(x * 1e3, verbose=0).argmax(-1) == x.argmax(-1)
    assert done.after > 0.85
    assert right.mean() > 0.85


@pytest.mark.parametrize(
    ("y", "units", "output", "loss"),
    [
        (Y, 1, "sigmoid", BINARY),
        (CLASSES, 3, "softmax", SPARSE),
        (np.eye(3)[CLASSES], 3, "softmax", CATEGORICAL),
        (X[:, 0], 1, None, "mse"),
    ],
)
def test_nan_alone_says_nothing_of_labels(y, units, output, loss):
    model = classifier(units=units, output=output, loss=loss)
    assert faults(model, X, with_nan(y)) == {"non_finite_input"}
    nothing = np.full(np.shape(y), np.nan)
    assert faults(model, X, nothing) == {"non_finite_input"}


def test_labels_that_do_not_fit_are_found_beside_nan():
    every = found("labels_do_not_fit_output", classifier(), X, with_nan(Y + 1))
    assert every[0].evidence["lowest"] == 1
    each = np.eye(3)[CLASSES]
    told = look(classifier(units=3, loss=BINARY), X, with_nan(each), trials=False)
    assert told.of("output_does_not_fit_loss")


def test_nan_in_targets_is_cured_by_nothing_in_front_and_repair_says_so():
    model = classifier(units=3, output="softmax", loss=CATEGORICAL)
    y = with_nan(np.eye(3)[CLASSES])
    (finding,) = nl.diagnose(model, X, y).of("non_finite_input")
    assert not finding.repairable
    done = nl.repair(model, X, y, epochs=2, trials=3)
    assert done.changes == []
    assert "non_finite_input (y): not repaired; Drop those rows." in done.remarks
    assert 0 <= done.before["as given"] <= 1


def test_nan_in_inputs_is_still_filled_beside_nan_in_targets():
    x, y = X.copy(), with_nan(Y)
    x[::3, 0] = np.nan
    keep = np.isfinite(y)
    done = nl.repair(classifier(), x[keep], y[keep], epochs=2, trials=1)
    assert [change.fault for change in done.changes][:1] == ["non_finite_input"]
    assert "non_finite_input (y): not repaired; Drop those rows." not in done.remarks
    both = nl.repair(classifier(), x, y, epochs=2, trials=1)
    assert "non_finite_input (y): not repaired; Drop those rows." in both.remarks


def test_scores_are_of_the_targets_that_are_numbers():
    y, predicted = np.array([[1.0, np.nan], [0.0, 1.0], [1.0, 0.0]]), np.eye(2)[[1, 1, 0]]
    target = target_of(y, known_loss(CATEGORICAL), 2, "softmax")
    assert target.kind == "one_hot"
    assert score(target, y, predicted, 0.5, False).metric == 1
    assert score(target, y * np.nan, predicted, 0.5, False) == NONE


def test_an_output_that_fits_is_left_alone():
    """Labels and output fit; only a softmax of a softmax does not."""
    one_hot = np.eye(3)[CLASSES]
    right = classifier(units=3, output="softmax", loss=CATEGORICAL)
    other = given(right, X, one_hot)
    assert fit_output(other.plan(), other, "labels_do_not_fit_output", []) is None
    keras.utils.set_random_seed(0)
    twice = keras.Sequential([keras.Input((6,)), layers.Dense(3, "softmax"), layers.Softmax()])
    twice.compile("adam", CATEGORICAL)
    other = given(twice, X, one_hot)
    plan = fit_output(other.plan(), other, "output_does_not_fit_loss", [])
    assert len(plan.changes) == 1
    assert fit_output(plan, other, "labels_do_not_fit_output", []) is None
