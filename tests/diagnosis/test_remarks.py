import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import classifier, points

X, Y = points()
AMOUNTS = X[:, 0] + 0.5 * X[:, 1]


def said(model, y):
    return [line for line in look(model, X, y, trials=False).remarks if "amounts" in line]


@pytest.mark.parametrize("metrics", [["accuracy"], ["mae", "acc"], [["accuracy"]]])
def test_an_accuracy_of_amounts(metrics):
    model = classifier(output=None, loss="mse")
    model.compile("adam", "mse", metrics=metrics)
    (line,) = said(model, AMOUNTS)
    assert "R2Score" in line
    assert "R2Score" in str(nl.diagnose(model, X, AMOUNTS))


@pytest.mark.parametrize(
    ("loss", "output", "y", "metrics"),
    [
        ("binary_crossentropy", "sigmoid", Y, ["accuracy"]),
        ("mse", "sigmoid", Y, ["accuracy"]),  # the Brier score
        ("mse", None, AMOUNTS, ["mae"]),
        ("mse", None, AMOUNTS, None),
        ("mse", None, None, ["accuracy"]),
    ],
)
def test_an_accuracy_of_classes_is_in_place(loss, output, y, metrics):
    model = classifier(output=output, loss=loss)
    model.compile("adam", loss, metrics=metrics)
    assert not said(model, y)


def test_of_several_outputs_one_may_be_of_classes():
    x = keras.Input((6,))
    outputs = [keras.layers.Dense(1, name="amount")(x)]
    outputs.append(keras.layers.Dense(1, "sigmoid", name="kind")(x))
    model = keras.Model(x, outputs)
    model.compile("adam", ["mse", "binary_crossentropy"], metrics=["mae", "accuracy"])
    assert not said(model, [AMOUNTS, Y])


def test_targets_that_are_all_the_same():
    assert any("the same" in line for line in look(classifier(), X, 0 * Y, trials=False).remarks)
    rows = np.arange(2)
    assert not look(classifier(), X[rows], rows, trials=False).remarks


def test_a_stream_whose_first_rows_have_one_class():
    y = np.repeat([0, 1], 5_000)
    x = np.random.default_rng(0).normal(size=(10_000, 6)).astype("float32")
    batches = ((x[rows], y[rows]) for rows in np.split(np.arange(10_000), 100))
    said = look(classifier(), batches, trials=False).remarks
    assert any("come sorted" in line for line in said)
    assert not any("nothing to learn" in line for line in said)
