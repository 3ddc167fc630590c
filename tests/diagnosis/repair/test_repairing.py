"""``repair`` as a user has it. Covers too: result.py, search.py."""

import json
import random
from dataclasses import replace

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence.data import read_data
from normlayers.diagnosis.repair.rows import rows_of
from normlayers.diagnosis.repair.search import Search
from tests.diagnosis.repair.made import amounts, classes, classifier, found, given, numbers, values


def test_raw_inputs_are_standardized_by_the_rows_that_were_not_held_out():
    x, y = classes(scale=1e3, offset=1e4)
    model = classifier(keras.layers.Dense(8, "tanh"))
    done = nl.repair(model, x, y, found("inputs_not_scaled", where="features"), trials=2)
    assert isinstance(done.model, keras.Sequential)
    front = done.model.layers[0]
    rows = rows_of(done.model, read_data(done.model, x, y), 0.2, 0)
    np.testing.assert_allclose(front.mean[0], rows.x[0].mean(0), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(front.variance[0], rows.x[0].var(0), rtol=1e-4)
    assert len(rows.x[0]) == 96
    assert done.changes[0].fault == "inputs_not_scaled"
    assert done.changes[0].where == "features"
    assert done.after > 0.8
    assert not done.worse


def test_predicts_in_the_users_units_after_targets_were_scaled():
    x, y = amounts(scale=4e4, offset=1e5)
    model = classifier(activation="linear", loss="mse")
    done = nl.repair(model, x, y, found("targets_not_scaled", where="last"), trials=3)
    residual = numbers(done.model(x)) - y
    assert 1 - residual.var() / y.var() > 0.8
    assert abs(residual.mean()) < y.std()
    back = done.model.layers[-1]
    assert isinstance(back, nl.Standardize)
    assert back.invert
    before = done.model.evaluate(x, y, verbose=0)
    done.model.fit(x, y, epochs=3, verbose=0)  # goes on, with the users' targets
    assert done.model.evaluate(x, y, verbose=0) < 2 * before


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_does_not_keep_targets_from_being_scaled(policy):
    x, y = amounts(scale=8e4, offset=3e5)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = classifier(activation="linear", loss="mse")
        done = nl.repair(model, x, y, found("targets_not_scaled", where="last"), trials=3)
        predicted = numbers(done.model(x))
    finally:
        keras.config.set_dtype_policy(before)
    assert predicted.dtype == "float32"
    assert len(np.unique(predicted)) > 0.9 * len(np.unique(x, axis=0))
    assert 1 - (predicted - y).var() / y.var() > 0.8


def test_the_given_model_and_every_random_state_stay_bit_for_bit():
    x, y = classes(scale=100.0)
    model = classifier()
    model.fit(x, y, epochs=1, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    before = values(variables), model.get_config(), model.optimizer.get_config()
    attributes = set(vars(model))
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    keras.utils.set_random_seed(5)
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    drawn = numbers(keras.random.normal((3,)))
    keras.utils.set_random_seed(5)
    nl.repair(model, x, y, found("inputs_not_scaled"), trials=1, epochs=1)
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]  # noqa: NPY002
    np.testing.assert_array_equal(numbers(keras.random.normal((3,))), drawn)
    for then, now in zip(before[0], values(variables), strict=True):
        np.testing.assert_array_equal(then, now)
    assert model.get_config() == before[1]
    assert model.optimizer.get_config() == before[2]
    assert set(vars(model)) == attributes


def test_with_nothing_to_cure_there_are_no_changes():
    x, y = classes()
    model = classifier()
    done = nl.repair(model, x, y, found(), epochs=1)
    assert done.changes == []
    assert done.model is not model
    assert [layer.name for layer in done.model.layers] == ["first", "last"]


def test_a_schedule_gives_way_to_the_rate_that_was_tried():
    x, y = amounts()
    model = classifier(activation="linear", loss="mse")
    schedule = keras.optimizers.schedules.ExponentialDecay(50.0, 1000, 0.9)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    done = nl.repair(model, x, y, found("learning_rate_too_high"), trials=3)
    assert "instead of the schedule, ExponentialDecay" in done.changes[0].done
    rate = done.model.optimizer.get_config()["learning_rate"]
    assert f"is {rate:g} instead" in done.changes[0].done
    assert done.after > 0.8
    assert not [said for said in done.remarks if "could not be trained" in said]


def test_a_schedule_that_suits_the_model_stays():
    x, y = classes(scale=1e3)
    model = classifier(keras.layers.Dense(8, "tanh"))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 1000, 0.9)
    model.compile(keras.optimizers.Adam(schedule), "binary_crossentropy")
    done = nl.repair(model, x, y, found("inputs_not_scaled"), trials=1)
    assert [change.fault for change in done.changes] == ["inputs_not_scaled"]
    kept = done.model.optimizer.get_config()["learning_rate"]
    assert kept == keras.optimizers.Adam(schedule).get_config()["learning_rate"]


def test_a_cure_that_changes_nothing_is_none():
    """The normalization over one channel gives 0, whatever weights behind it are like."""
    x, y = classes()
    layers = keras.layers
    front = [layers.Reshape((3, 1)), layers.LayerNormalization(), layers.Flatten()]
    model = classifier(*front, layers.Dense(8, "relu", name="hidden"))
    diagnosis = nl.diagnose(model, x, y)
    assert "dead_neurons" in {finding.fault for finding in diagnosis.every()}
    repaired = nl.repair(model, x, y, diagnosis)
    assert repaired.changes == []
    assert "No cure helped within the trials" in str(repaired)
    assert "Found in the new model, by its diagnosis: dead_neurons" in str(repaired)


def test_the_rate_that_was_found_is_tried():
    x, y = amounts()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(3e-7), "mse")
    (finding,) = nl.diagnose(model, x, y).of("learning_rate_too_low")
    rate = finding.evidence["better_rate"]
    search = Search(given(model, x, y), {finding.fault: [""]}, None, None, 2, 0, (rate,))
    assert any(rate == pytest.approx(each, rel=0.4) for each in search.rates())
    own = Search(search.given, search.faults, None, None, 2, 0, (0.5,))
    assert own.rates() == [0.5, *Search(search.given, search.faults, None, None, 2, 0).rates()]


def test_what_is_worse_is_said_to_be():
    """A model that is good, and a learning rate of 1e3 with which none can be trained."""
    x, y = classes()
    model = classifier()
    model.fit(x, y, epochs=15, verbose=0)
    model.optimizer.learning_rate = 1e3
    done = nl.repair(model, x, y, found(), epochs=1)
    assert done.before["as given"] > 0.85
    assert not done.worse  # it came without the training
    assert done.after == done.before["as given"]
    fresh = nl.repair(classifier(rate=1e3), x, y, found(), epochs=1, seed=1)
    assert fresh.worse == any("worse" in remark for remark in fresh.remarks)


def test_a_trained_model_without_an_idle_bias_does_as_well():
    x, y = classes()
    layers = keras.layers
    model = classifier(layers.Dense(8), layers.BatchNormalization(momentum=0.9), layers.ReLU())
    model.fit(x, y, epochs=15, verbose=0)
    done = nl.repair(model, x, y, found("idle_bias"), trials=1, epochs=1)
    assert not done.worse
    assert not done.model.layers[0].use_bias


def test_a_model_that_is_not_compiled_gets_a_loss_that_fits():
    x, y = classes()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda t: t * 2.0)])
    model.add(keras.layers.Dense(1, "sigmoid"))
    done = nl.repair(model, x, y, found(), epochs=1)
    assert isinstance(done.model.loss, keras.losses.BinaryCrossentropy)
    assert "compiled with Adam and BinaryCrossentropy" in done.remarks[0]


def test_numbered_classes_with_an_output_each_and_no_loss():
    x, y = classes()
    y += x[:, 0] > 1
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    done = nl.repair(model, x, y, found(), epochs=1)
    assert isinstance(done.model.loss, keras.losses.SparseCategoricalCrossentropy)
    done.model.fit(x, y, verbose=0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    done = nl.repair(model, x, x[:, :2], found(), epochs=1)
    assert isinstance(done.model.loss, keras.losses.MeanSquaredError)


def test_two_inputs_and_a_saved_copy(tmp_path):
    x, y = classes(scale=1e3, offset=1e4)
    parts = [x[:, :1], x[:, 1:]]
    inputs = [keras.Input((1,), name="a"), keras.Input((2,), name="b")]
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    done = nl.repair(model, parts, y, found("inputs_not_scaled"), trials=1)
    assert done.changes[0].where == "a, b"
    assert done.after > 0.8
    done.model.save(tmp_path / "repaired.keras")
    loaded = keras.models.load_model(tmp_path / "repaired.keras")
    np.testing.assert_allclose(
        numbers(loaded(parts)), numbers(done.model(parts)), rtol=1e-5, atol=1e-6
    )


def test_inputs_by_name_in_the_order_they_were_declared_in():
    x, y = classes(scale=1e3, offset=1e4)
    inputs = {"second": keras.Input((1,), name="second"), "first": keras.Input((2,), name="first")}
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([*inputs.values()]))
    hidden = keras.layers.BatchNormalization(momentum=0.999)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    parts = {"first": x[:, 1:], "second": x[:, :1]}
    wrong = found("inputs_not_scaled", "stale_moving_statistics")
    done = nl.repair(model, parts, y, wrong, trials=3)
    assert min(done.before.values()) >= 0  # it could be scored
    assert done.after > 0.8
    assert numbers(done.model(parts)).shape == (len(x), 1)


class Own(keras.Model):
    """A model with a forward pass of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(8, "tanh")
        self.out = keras.layers.Dense(1, "sigmoid")

    def call(self, inputs):
        return self.out(self.hidden(inputs))

    def get_config(self):
        return {}


def test_of_a_subclassed_model_what_is_around_it():
    x, y = classes(scale=1e3, offset=1e4)
    model = Own()
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    model(x[:1])
    done = nl.repair(model, x, y, found("inputs_not_scaled", "dead_neurons"), trials=2)
    assert [change.fault for change in done.changes][:1] == ["inputs_not_scaled"]
    assert done.after > 0.8


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"y": None}, TypeError, "pass y"),
        ({"trials": 0}, ValueError, "trials must be a positive integer"),
        ({"epochs": True}, ValueError, "epochs must be a positive integer"),
        ({"batch_size": 1.5}, ValueError, "batch_size must be a positive integer"),
        ({"validation_split": 1}, ValueError, "validation_split must be over 0"),
        ({"validation_split": "0.2"}, ValueError, "validation_split must be over 0"),
        ({"validation_split": np.float32(1.5)}, ValueError, "validation_split must be over 0"),
        (
            {"diagnosis": "x"},
            TypeError,
            "what normlayers.diagnose returned, or None. Received: str",
        ),
        ({"validation_split": 0.999}, ValueError, "validation_split must leave rows"),
        ({"seed": -1}, ValueError, "seed must be a non-negative integer"),
        ({"x": np.zeros((4, 3)), "y": np.zeros(4)}, ValueError, "needs 10 or more. Received: 4"),
        ({"model": "model"}, TypeError, "model must be a keras.Model"),
    ],
)
def test_errors_say_what_to_do(arguments, error, says):
    x, y = classes()
    arguments = {"model": classifier(), "x": x, "y": y, "diagnosis": found()} | arguments
    with pytest.raises(error, match=says):
        nl.repair(**arguments)


def test_reads_as_text_and_as_json():
    x, y = classes(scale=1e3, offset=1e4)
    model = classifier(keras.layers.Dense(8, "tanh"))
    done = nl.repair(model, x, y, found("inputs_not_scaled"), trials=1, epochs=3)
    assert "1. inputs_not_scaled (features): An adapted Standardize" in str(done)
    assert done.to_dict()["changes"][0]["where"] == "features"
    unscored = replace(done, before={"as given": float("nan")}, after=float("-inf"))
    assert "as given without a figure; repaired without a figure" in str(unscored)
    kept = json.loads(json.dumps(unscored.to_dict(), allow_nan=False))
    assert kept["before"] == {"as given": None}
