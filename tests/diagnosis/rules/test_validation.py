import keras
import numpy as np
import pytest
from sklearn import datasets

from normlayers.layers.standardize import Standardize
from tests.diagnosis.small_models import BINARY, classifier, found, points

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


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("width", [1, 6])
def test_masks_without_padding_are_alike(value, width):
    """As attention masks and segments are, where all texts are of one length."""
    mask = keras.Input((width,), name="mask")
    values = keras.Input((6,), name="values")
    joined = keras.layers.Concatenate()([values, mask])
    hidden = keras.layers.Dense(16, "relu")(joined)
    model = keras.Model([values, mask], keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile("adam", BINARY)
    masks, (other, labels) = np.full((200, width), value), points(seed=1)
    assert not found(
        "train_validation_shift", model, [X, masks], Y, validation_data=([other, masks], labels)
    )
    # A third of the rows is padded.
    padded_masks = masks.copy()
    padded_masks[:70, -1] = 1 - value
    (finding,) = found(
        *("train_validation_shift", model, [X, masks], Y),
        validation_data=([other, padded_masks], labels),
    )
    assert (finding.where, finding.severity) == ("mask", "warning")


def test_a_feature_of_one_value_in_training_and_another_in_validation():
    """As a year is where later ones are held out."""
    other, labels = points(seed=1)
    train, held = (np.c_[x, np.full(len(x), year)] for x, year in ((X, 2023.0), (other, 2024.0)))
    scaling = Standardize()
    scaling.adapt(train)
    model = classifier(scaling, features=7)
    (finding,) = found("train_validation_shift", model, train, Y, validation_data=(held, labels))
    assert (finding.severity, finding.evidence["feature"]) == ("error", "6")
    held[:, 6] = 2023.0
    assert not found("train_validation_shift", model, train, Y, validation_data=(held, labels))


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


SHARED = "validation_rows_in_training"


@pytest.mark.parametrize("share", [0, 0.02, 0.2, 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_validation_rows_that_are_training_rows(share, dtype):
    x, y = points(100, seed=1)
    x = x.astype(dtype)
    x[: round(share * 100)] = X[50 : 50 + round(share * 100)]
    told = found(SHARED, classifier(), X, Y, validation_data=(x, y))
    if share < 0.05:
        assert not told
        return
    (finding,) = told
    assert (finding.severity, finding.where, finding.repairable) == ("warning", "x", False)
    assert finding.evidence == {"share": share, "by_chance": 0, "rows": 100}
    assert finding.message.startswith("All 100" if share == 1 else "20 of the 100")


def test_a_zero_is_no_other_row_for_its_sign():
    x = np.round(X * 2) / 2
    assert found(SHARED, classifier(), np.abs(x), Y, validation_data=(np.abs(x), Y))
    flipped = np.where(x == 0, -np.abs(x), np.abs(x)).astype("float32")
    assert np.signbit(flipped[x == 0]).all()
    assert found(SHARED, classifier(), np.abs(x), Y, validation_data=(flipped, Y))


@pytest.mark.parametrize("values", [2, 3, 4])
def test_rows_that_repeat_themselves_are_in_both_by_chance(values):
    """Of few possible rows most are known; new ones of the same source are no fault."""
    rng = np.random.default_rng(values)
    x, other = (rng.integers(0, values, (n, 6)).astype("float32") for n in (400, 200))
    y, labels = (rows[:, 0] > 0 for rows in (x, other))
    known = np.isin([str(row) for row in other], [str(row) for row in x]).mean()
    assert known > 0.05
    assert not found(SHARED, classifier(), x, y, validation_data=(other, labels))
    # The training rows themselves are more than chance.
    (finding,) = found(SHARED, classifier(), x, y, validation_data=(x, y)) or [None]
    assert (finding is None) == (values == 2)  # of which there are 64, in 400 rows


def test_rows_of_several_inputs_are_alike_only_if_all_are():
    first, second = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    both = keras.layers.Concatenate()([first, second])
    model = keras.Model({"a": first, "b": second}, keras.layers.Dense(1, "sigmoid")(both))
    model.compile("adam", BINARY)
    x, other = {"a": X, "b": X[::-1]}, {"a": X, "b": X}
    assert not found(SHARED, model, x, Y, validation_data=(other, Y))
    assert found(SHARED, model, x, Y, validation_data=(x, Y))


def test_rows_oversampled_before_they_were_split():
    """The rare class's rows were copied first, so that copies are on both sides."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    rng = np.random.default_rng(0)
    rare = rng.choice(np.flatnonzero(y == 0), 145)
    x, y = np.concatenate([x, x[rare]]), np.concatenate([y, y[rare]])
    order = rng.permutation(len(x))
    train, held = order[150:], order[:150]
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", BINARY)
    (finding,) = found(SHARED, model, x[train], y[train], validation_data=(x[held], y[held]))
    rows = np.unique(x[held], axis=0)
    copied = np.mean([(x[train] == row).all(1).any() for row in rows])
    assert finding.evidence == {"share": copied, "by_chance": 0, "rows": len(rows)}


def test_the_same_few_rows_in_both_are_no_copies():
    """Rows of zeros, as of users without a visit, are in any part of such data."""
    x, (other, labels) = X.copy(), points(100, seed=1)
    x[::3], other[::3] = 0, 0
    assert not found(SHARED, classifier(), x, Y, validation_data=(other, labels))
