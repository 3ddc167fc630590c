import keras
import numpy as np
import pytest

from normlayers.layers.standardize import Standardize
from tests.diagnosis.small_models import classifier, found, points

X, Y = points()


@pytest.mark.parametrize(("shift", "severity"), [(5.0, "error"), (1.5, "warning"), (0.0, None)])
def test_validation_data_that_are_elsewhere(shift, severity):
    other, labels = points(seed=1)
    told = found(
        "train_validation_shift", classifier(), X, Y, validation_data=(other + shift, labels)
    )
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_validation_data_that_are_not_scaled():
    other, labels = points(seed=1)
    data = other * 50, labels
    (finding,) = found("train_validation_shift", classifier(), X, Y, validation_data=data)
    assert finding.severity == "error"


def test_rows_that_were_split_by_class():
    order = np.argsort(Y, kind="stable")
    x, y = X[order], Y[order]
    told = found(
        "train_validation_shift", classifier(), x[:140], y[:140], validation_data=(x[140:], y[140:])
    )
    assert "y" in [finding.where for finding in told]


def padded(rows, seed, fewest):
    """Steps of about 5, of which some at the end are padding: 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(5, 1, (rows, 12, 3)).astype("float32")
    x[np.arange(12) >= rng.integers(fewest, 13, rows)[:, None]] = 0
    return x


def of_steps(*front):
    layers = keras.layers
    masking = layers.Masking(0.0)
    model = keras.Sequential(
        [keras.Input((12, 3)), masking, *front, layers.LSTM(4), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


def test_padding_is_no_difference_of_the_validation_data():
    x, other = padded(200, 0, 12), padded(200, 1, 1)
    y = np.random.default_rng(2).normal(size=200)
    model = of_steps(Standardize(mean=[5] * 3, variance=[1] * 3))
    assert not found("train_validation_shift", model, x, y, validation_data=(other, y))
    moved = np.where(other, other + 3, 0), y
    assert found("train_validation_shift", model, x, y, validation_data=moved)


def test_validation_rows_of_weight_0_are_no_difference():
    x, weights = X.copy(), np.r_[np.ones(len(X) - 50), np.zeros(50)]
    x[-50:] += 100
    assert found("train_validation_shift", classifier(), X, Y, validation_data=(x, Y))
    assert not found("train_validation_shift", classifier(), X, Y, validation_data=(x, Y, weights))
