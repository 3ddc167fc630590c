"""Covers too: number_kinds.py."""

import keras
import numpy as np
import pytest

from normlayers.layers.standardize import Standardize
from tests.diagnosis.small_models import classifier, faults, found, points

X, Y = points()


def test_a_healthy_model_has_none_of_them():
    assert faults(classifier(), X, Y) == set()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["x", "y"])
def test_one_value_that_is_not_finite_is_reported(bad, place):
    x, y = X.copy(), Y.astype("float32")
    (x if place == "x" else y[:, None])[7, 0] = bad
    (finding,) = found("non_finite_input", classifier(), x, y)
    assert finding.where == place
    assert finding.evidence["values"] == 1
    assert finding.severity == "error"


@pytest.mark.parametrize(
    ("factor", "severity"), [(1e4, "error"), (100, "error"), (8, "warning"), (1e-3, "error")]
)
def test_inputs_of_another_scale(factor, severity):
    (finding,) = found("inputs_not_scaled", classifier(), X * factor, Y)
    assert (finding.where, finding.severity) == ("x", severity)
    assert finding.evidence["largest"] == pytest.approx(factor, rel=0.5)


@pytest.mark.parametrize("factor", [0.2, 2.5])
def test_inputs_within_bounds_are_left_alone(factor):
    assert not found("inputs_not_scaled", classifier(), X * factor, Y)


@pytest.mark.parametrize("factor", [np.full(6, 1e300), np.array([1, 1, 1e40, 1, 1, 1])])
@pytest.mark.parametrize("front", [(), (keras.layers.Flatten(),)])
def test_inputs_too_large_for_the_type_in_which_they_are_taken(front, factor):
    x = X.astype("float64") * factor
    (finding,) = found("inputs_not_scaled", classifier(*front), x, Y)
    assert finding.severity == "error"
    assert finding.evidence["largest"] == pytest.approx(factor.max(), rel=0.5)
    assert "infinite as float32" in finding.message
    assert not finding.repairable
    assert not found("constant_feature", classifier(*front), x, Y)


def test_one_feature_of_another_range_is_named():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X * [1, 1, 1e3, 1, 1, 1], columns=["a", "b", "salary", "d", "e", "f"])
    (finding,) = found("inputs_not_scaled", classifier(), frame, Y)
    assert finding.evidence["features"][0] == "salary"
    ranges = X * [1, 1, 1e-3, 1, 1, 1]
    (finding,) = found("inputs_not_scaled", classifier(), ranges, Y)
    assert finding.evidence["features"][0] == "2"


def test_numbers_are_recognized_for_what_they_are():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 6)).astype("uint8")
    stamps = np.column_stack([X[:, :5], rng.integers(1_500_000_000, 1_700_000_000, len(X))])
    numbers = np.column_stack([X[:, :5], np.arange(len(X))])
    said = [
        found("inputs_not_scaled", classifier(), x, Y[: len(x)])[0].message
        for x in (pixels, stamps, numbers)
    ]
    assert "pixels" in said[0]
    assert "timestamps" in said[1]
    assert "identifier" in said[2]


def test_what_the_first_layer_takes_counts_and_not_what_the_model_takes():
    adapted = Standardize()
    adapted.adapt(X * 1e4 + 1e5)
    assert faults(classifier(adapted), X * 1e4 + 1e5, Y) == set()
    normalized = classifier(keras.layers.BatchNormalization())
    assert "inputs_not_scaled" not in faults(normalized, X * 1e4, Y)


def test_indicators_and_sparse_pixels_are_no_alarm():
    rng = np.random.default_rng(0)
    indicators = (rng.random((300, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.02]).astype("float32")
    assert faults(classifier(), indicators, indicators[:, 0]) == set()


def test_constants_of_which_nothing_is_to_be_taken_away():
    x = X.copy()
    x[:, 2] = 0
    (finding,) = found("constant_feature", classifier(), x, Y)
    assert not finding.repairable
    x[:, 2] = 3
    scaling = Standardize()
    scaling.adapt(x)
    (finding,) = found("constant_feature", classifier(scaling), x, Y)
    assert not finding.repairable


def test_constants_among_names_of_things_are_not_told():
    ids = np.random.default_rng(0).integers(0, 9, (200, 3))
    ids[:, 0] = 7
    layers = keras.layers
    front = layers.Embedding(9, 4), layers.Flatten()
    inputs = keras.Input((3,), dtype="int32")
    model = keras.Sequential([inputs, *front, layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    assert not found("constant_feature", model, ids, Y)
    assert found("constant_feature", model, ids * 0 + 7, Y)


class Coded(keras.layers.Layer):
    def call(self, x):
        return keras.ops.one_hot(x, 90)


class Table(keras.layers.Layer):
    def build(self, input_shape):
        self.table = self.add_weight(shape=(90, 4), name="table")

    def call(self, x):
        return keras.ops.take(self.table, x, axis=0)


@pytest.mark.parametrize("reader", [Coded(), Table(), lambda x: keras.ops.one_hot(x, 90)])
def test_names_of_things_that_own_code_or_an_operation_looks_up(reader):
    """Of a declared input of integers."""
    ids = np.random.default_rng(0).integers(0, 90, (200, 3))
    ids[:, 0] = 7
    inputs = keras.Input((3,), dtype="int32")
    last = keras.layers.Dense(1, "sigmoid")(keras.layers.Flatten()(reader(inputs)))
    model = keras.Model(inputs, last)
    model.compile("adam", "binary_crossentropy")
    assert not found("constant_feature", model, ids, Y)
    assert not found("inputs_not_scaled", model, ids, Y)


class Rounding(Table):
    seen = 0

    def call(self, x):
        self.seen += 1
        return super().call(keras.ops.cast(x, "int32"))


class Product(keras.layers.Layer):
    def build(self, input_shape):
        self.product = self.add_weight(shape=(input_shape[-1], 4), name="product")

    def call(self, x):
        return keras.ops.relu(keras.ops.matmul(x, self.product))


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (Rounding(), False),
        (keras.layers.Lambda(lambda x: keras.ops.one_hot(keras.ops.cast(x, "int32"), 90)), False),
        (Product(), True),
        (keras.layers.Lambda(lambda x: x * 2), True),
    ],
)
def test_whole_numbers_that_own_code_rounds_are_names_of_things(reader, told):
    """Of an input of floats, which is Keras's default."""
    keras.utils.set_random_seed(0)
    ids = np.random.default_rng(0).integers(0, 90, (200, 3)).astype("float32")
    inputs = keras.Input((3,))
    last = keras.layers.Dense(1, "sigmoid")(keras.layers.Flatten()(reader(inputs)))
    model = keras.Model(inputs, last)
    model.compile("adam", "binary_crossentropy")
    seen = getattr(reader, "seen", None)
    assert bool(found("inputs_not_scaled", model, ids, Y)) == told
    assert getattr(reader, "seen", None) == seen


def test_a_layer_that_takes_a_constant_away_is_adapted():
    x = X * 50
    x[:, 2] = 300
    given = {"mean": [0, 0, 300, 0, 0, 0], "variance": [1] * 6}
    assert not found("not_adapted", classifier(Standardize(**given)), x, Y)


def test_constant_features_are_a_note_unless_all_are():
    x = X.copy()
    x[:, 2] = 3
    (finding,) = found("constant_feature", classifier(), x, Y)
    assert (finding.severity, finding.evidence["features"]) == ("note", ["2"])
    assert "(feature 2: 3)" in finding.message
    assert "Masking" not in finding.message
    assert finding.repairable
    (finding,) = found("constant_feature", classifier(), X * 0 + 1, Y)
    assert (finding.severity, finding.repairable) == ("error", False)
    assert not found("constant_feature", classifier(), X, Y)


@pytest.mark.parametrize(
    ("value", "severity"), [(1e4, "error"), (-1e4, "error"), (60, "warning"), (6, None)]
)
def test_outliers(value, severity):
    x = X.copy()
    x[3, 4] = value
    told = found("outliers", classifier(), x, Y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])
    if told:
        assert told[0].evidence["feature"] == "4"
        assert told[0].evidence["value"] == value
        assert not found("inputs_not_scaled", classifier(), x, Y)


@pytest.mark.parametrize(("value", "severity"), [(-999.0, "error"), (150.0, "warning"), (40, None)])
def test_outliers_of_a_feature_that_is_mostly_one_value(value, severity):
    x = X.copy()
    x[:, 4] = np.arange(len(x)) % 3 == 0
    x[:2, 4] = value
    told = found("outliers", classifier(), x, Y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_images_of_bytes_behind_a_layer_without_weights_are_seen():
    images = np.random.default_rng(0).integers(0, 256, (200, 4, 4)).astype("uint8")
    labels = (images[:, 0, 0] > 128).astype("int64")
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4, 4)), layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy")
    assert [f.severity for f in found("inputs_not_scaled", model, images, labels)] == ["error"]
    named = keras.Input((4, 4), name="image")
    of_dict = keras.Model({"image": named}, model(named))
    of_dict.compile("adam", "binary_crossentropy")
    assert found("inputs_not_scaled", of_dict, {"image": images}, labels)


def test_padding_neither_varies_nor_lies_far():
    """Of steps that a Masking takes; its mask is made of the input too."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 12, 3)).astype("float32")
    x[..., 1] = 3
    x[..., 2] += 1e3
    padding = np.arange(12) >= rng.integers(10, 13, 200)[:, None]
    x[padding] = 0
    layers = keras.layers
    front = keras.Input((12, 3)), layers.Masking(0.0)
    model = keras.Sequential([*front, layers.LSTM(4), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    (finding,) = found("constant_feature", model, x, Y)
    assert (finding.evidence["features"], finding.evidence["values"]) == (["1"], [3.0])
    assert "a Masking leaves out" in finding.message
    assert finding.repairable
    assert not found("outliers", model, x, Y)


def test_targets_that_a_loss_of_ones_own_may_leave_out():
    def masked(y, predicted):
        known = keras.ops.isfinite(y)
        return keras.ops.mean(keras.ops.where(known, y - predicted, 0.0) ** 2)

    y = X[:, :1].copy()
    y[::3] = np.nan
    told = [
        found("non_finite_input", classifier(output=None, loss=loss), X, y)[0].severity
        for loss in (masked, "mse")
    ]
    assert told == ["warning", "error"]


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_of_rows_that_are_not_finite(weight):
    x, y = points()
    weights = np.ones(len(x))
    assert not found("non_finite_input", classifier(), iter([(x, y, weights)]))
    weights[[3, 7]] = weight
    (finding,) = found("non_finite_input", classifier(), iter([(x, y, weights)]))
    assert (finding.where, finding.evidence["values"]) == ("sample_weight", 2)
    assert finding.severity == "error"
    assert not finding.repairable
