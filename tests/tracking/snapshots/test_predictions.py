"""How a class is read off outputs, by what Keras's own metrics take for one."""

import keras
import numpy as np
import pytest

from normlayers.tracking.snapshots.predictions import prediction_of, predicts_classes
from tests.tracking.snapshots.test_recorder import dense, network, observe

LOGITS = {"from_logits": True}
TWO, FOUR = np.array([0, 1, 1]), np.array([0, 3, 1])
LOSSES = keras.losses


def compiled(loss):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    if loss is not None:
        model.compile(loss=loss)
    return model


def of_ones_own(y, predictions):
    return keras.ops.mean((y - predictions) ** 2, axis=-1)


@pytest.mark.parametrize(
    ("loss", "ends_in", "outputs", "labels", "expected"),
    [
        ("binary_crossentropy", "sigmoid", 1, TWO, "probability"),
        ("mse", "sigmoid", 1, TWO, "probability"),
        (LOSSES.BinaryCrossentropy(**LOGITS), "linear", 1, TWO, "logit"),
        (LOSSES.BinaryFocalCrossentropy(**LOGITS), "linear", 1, TWO, "logit"),
        ("hinge", "tanh", 1, TWO, "logit"),
        ("squared_hinge", "linear", 1, TWO, "logit"),
        (of_ones_own, "linear", 1, TWO, "logit"),
        (None, "linear", 1, TWO, "logit"),
        ("mse", "linear", 1, TWO, ""),
        ("mse", "linear", 1, None, ""),
        ("mse", "sigmoid", 1, None, ""),
        ("binary_crossentropy", "sigmoid", 1, FOUR, ""),
        ("sparse_categorical_crossentropy", "softmax", 4, FOUR, "classes"),
        ("sparse_categorical_crossentropy", "softmax", 4, None, "classes"),
        (LOSSES.SparseCategoricalCrossentropy(**LOGITS), "linear", 4, FOUR, "classes"),
        (LOSSES.CategoricalCrossentropy(**LOGITS), "linear", 4, None, "classes"),
        ("categorical_hinge", "linear", 4, FOUR, "classes"),
        (None, "linear", 4, FOUR, "classes"),
        (None, "linear", 4, None, ""),
        ("mse", "linear", 4, None, ""),
        ("mse", "linear", 4, FOUR, ""),
        (LOSSES.SparseCategoricalCrossentropy(**LOGITS), "linear", 3, FOUR, ""),
        ("binary_crossentropy", "sigmoid", 4, None, ""),
        ({"a": "mse"}, "", 4, FOUR, ""),
        (None, "", 1, TWO, ""),
    ],
)
def test_what_outputs_say(loss, ends_in, outputs, labels, expected):
    assert prediction_of(compiled(loss), ends_in, outputs, labels) == expected


@pytest.mark.parametrize(
    ("loss", "ends_in", "expected"),
    [
        ("mse", "softmax", True),
        ("mse", "linear", False),
        (None, "linear", True),
        (of_ones_own, "linear", True),
        (LOSSES.SparseCategoricalCrossentropy(**LOGITS), "linear", True),
        (None, "sigmoid", False),
        (None, "", False),
    ],
)
def test_whether_regions_are_of_classes(loss, ends_in, expected):
    assert predicts_classes(compiled(loss), ends_in) == expected


def test_two_amounts_have_no_regions_of_classes(tmp_path):
    model = network(dense(3, "relu"), dense(2, name="out"))
    model.compile("sgd", "mse")
    meta, _, found = observe(tmp_path, model, y=None)
    assert meta["prediction"] == ""
    assert not {"classes", "boundary"} & found.keys()
