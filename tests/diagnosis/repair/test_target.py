import keras
import numpy as np
import pytest

from normlayers.diagnosis.evidence.losses import known_loss
from normlayers.diagnosis.repair.target import NONE, Target, score, target_of

ONE_HOT = np.eye(3)[[0, 1, 2, 1]]
BINARY = known_loss("binary_crossentropy")
SPARSE = known_loss("sparse_categorical_crossentropy")
CATEGORICAL = known_loss(keras.losses.CategoricalCrossentropy())
MSE = known_loss("mse")


@pytest.mark.parametrize(
    ("y", "loss", "units", "kind"),
    [
        ([0, 1, 1, 0], BINARY, 1, "binary"),
        ([-1, 1, 1, -1], BINARY, 1, "binary"),
        ([[0.0], [1.0]], BINARY, 1, "binary"),
        ([0, 1, 2, 1], SPARSE, 3, "classes"),
        ([0, 1, 2, 1], BINARY, 1, "classes"),
        ([0, 1, 1, 0], SPARSE, 2, "classes"),
        (ONE_HOT, CATEGORICAL, 3, "one_hot"),
        (ONE_HOT, SPARSE, 3, "one_hot"),
        ([[1, 1, 0], [0, 0, 0]], BINARY, 3, "several"),
        ([0, 1, 2, 1], MSE, 1, "regression"),
        ([0.5, 2.5], BINARY, 1, "regression"),
        ([0.1, 0.9], BINARY, 1, "binary"),
        ([0.5, 2.5], None, 1, "regression"),
        ([[0.5, 2.5]], MSE, 2, "regression"),
    ],
)
def test_what_targets_are(y, loss, units, kind):
    assert target_of(np.asarray(y), loss, units, "").kind == kind


def test_the_coefficient_of_determination():
    y = np.array([[1.0], [2.0], [6.0]])
    predicted = np.array([[1.0], [3.0], [5.0]])
    expected = 1 - 2 / ((y - y.mean()) ** 2).sum()
    assert score(Target("regression"), y, predicted, 0.5, False).metric == pytest.approx(expected)


def test_targets_that_are_all_the_same_have_no_coefficient_of_determination():
    target = Target("regression")
    near, far = (score(target, np.full(4, 7.0), np.full(4, p), 0.5, False) for p in (6.0, 5.0))
    assert np.isnan([near.metric, far.metric]).all()
    assert near.quality > far.quality
    y = np.array([[1.0, 7.0], [3.0, 7.0]])
    assert score(target, y, y + np.array([0.5, 3.0]), 0.5, False).metric == 1 - 0.25


def test_accuracy_and_skill_of_classes():
    y = np.array([0, 1, 2, 2])
    chances = np.full((4, 3), 0.25)
    chances[np.arange(4), [0, 1, 2, 0]] = 0.5
    got = score(Target("classes", (0.0, 1.0, 2.0)), y, chances, 0.5, False)
    entropy = -(3 * np.log(0.5) + np.log(0.25)) / 4
    assert got.metric == 0.75
    assert got.quality == pytest.approx(0.7 * 0.75 + 0.3 * (1 - entropy / np.log(3)))
    same = score(Target("classes", (0.0, 1.0, 2.0)), y, np.log(chances), 0.0, True)
    assert same.quality == pytest.approx(got.quality)


def test_one_unit_by_its_threshold():
    target = Target("binary", (-1.0, 1.0))
    y, predicted = np.array([-1.0, 1.0, 1.0]), np.array([[-0.9], [0.2], [-0.1]])
    assert score(target, y, predicted, 0.0, False).metric == pytest.approx(2 / 3)


def test_nan_is_worse_than_anything():
    assert score(Target("regression"), np.ones(2), np.array([[np.nan], [1.0]]), 0.5, False) == NONE
