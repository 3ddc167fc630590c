"""What a repair says beside its changes."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence import data
from tests.diagnosis.repair.made import classes, classifier, found

X, Y = classes()


class Own(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.last = keras.layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(x)


class WithSteps(Own):
    def train_step(self, *arguments):
        return super().train_step(*arguments)

    def compute_loss(self, *arguments, **named):
        return super().compute_loss(*arguments, **named)


class WithAnEvaluation(Own):
    def test_step(self, *arguments):
        return super().test_step(*arguments)


def repaired(model):
    model.compile("adam", "binary_crossentropy")
    model(X[:1])
    return nl.repair(model, X, Y, found("learning_rate_too_low"), trials=1, epochs=1)


@pytest.mark.parametrize(
    ("model", "steps"),
    [(WithSteps, "train_step and compute_loss"), (WithAnEvaluation, "test_step")],
)
def test_a_subclassed_models_own_steps_are_not_taken(model, steps):
    (remark,) = (r for r in repaired(model()).remarks if model.__name__ in r)
    assert f"own {steps} it does not call" in remark


def test_a_subclassed_model_without_own_steps_brings_no_remark():
    assert not [r for r in repaired(Own()).remarks if "Own" in r]


def batches(x, y, *weights):
    for start in range(0, len(x), 20):
        rows = slice(start, start + 20)
        yield (x[rows], y[rows], *(part[rows] for part in weights))


def test_how_much_of_a_stream_was_read(monkeypatch):
    monkeypatch.setattr(data, "STREAM_ROWS", 60)
    done = nl.repair(classifier(), batches(X, Y), None, trials=1, epochs=1)
    assert done.remarks[0] == "The first 60 rows of the data were read."


@pytest.mark.parametrize("shape", [(), (1,)])
def test_rows_of_weight_0_are_left_out(shape):
    weights = (np.arange(len(X)) % 4 != 0).astype("float32")
    x = np.where(weights[:, None] == 0, 1e6, X).astype("float32")
    y = np.where(weights == 0, -1, Y)
    weights = weights.reshape(-1, *shape)
    (remark,) = nl.diagnose(classifier(), batches(x, y, weights)).remarks
    assert remark == "Rows of weight 0 were left out; all others count alike."
    assert nl.diagnose(classifier(), batches(x, y, weights)).findings == []
    assert nl.diagnose(classifier(), batches(X, Y, np.ones(len(X)))).remarks == []
    with pytest.raises(ValueError, match="no row of a weight other than 0"):
        nl.diagnose(classifier(), batches(X, Y, np.zeros(len(X))))


class Rounded(keras.layers.Layer):
    def call(self, x):
        return keras.ops.one_hot(keras.ops.cast(x, "int32"), 9)


def test_why_an_input_was_not_scaled():
    x = np.random.default_rng(0).integers(0, 9, (100, 3)).astype("float32")
    layers = [keras.Input((3,), name="kinds"), Rounded(), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    scale = found("inputs_not_scaled", where="kinds")
    done = nl.repair(model, x, x[:, 0] > 4, scale, trials=1, epochs=1)
    (remark,) = (r for r in done.remarks if "was not scaled" in r)
    assert remark.startswith("Input 'kinds' was not scaled: its whole numbers seem to stand for")
    learning = found("learning_rate_too_low")
    done = nl.repair(model, x, x[:, 0] > 4, learning, trials=1, epochs=1)
    assert not [r for r in done.remarks if "was not scaled" in r]


def test_a_fault_in_a_place_that_no_cure_reaches_is_said_not_to_be_repaired():
    x, y = classes()
    keras.utils.set_random_seed(0)
    head = keras.Sequential([keras.layers.Dense(1, "sigmoid"), keras.layers.Dropout(0.5)])
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Dense(8, "relu"), head])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    done = nl.repair(model, x, y, trials=2)
    assert any("dropout_on_output" in text and "not repaired" in text for text in done.remarks)
