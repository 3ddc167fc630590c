"""Models that take one number of rows alone, as those with recurrent states."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import BINARY

layers = keras.layers
STEPS = np.random.default_rng(0).normal(size=(128, 5, 3)).astype("float32")
Y = (STEPS[:, -1, 0] > 0).astype("int64")
ON_TORCH = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras fits no recurrence with states on torch"
)


def stateful(rows=32, kind=layers.LSTM):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(batch_shape=(rows, 5, 3))
    outputs = layers.Dense(1, "sigmoid")(kind(4, stateful=True)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), BINARY)
    return model


def reshaped(rows=16):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(batch_shape=(rows, 5, 3))
    hidden = keras.ops.reshape(layers.Dense(4, "relu")(inputs), (rows, 20))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.01), BINARY)
    return model


def values(model):
    return [np.array(keras.ops.convert_to_numpy(keras.ops.copy(v))) for v in model.variables]


@ON_TORCH
@pytest.mark.parametrize("rows", [1, 32])
@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_a_recurrence_with_states_is_diagnosed_and_keeps_them(rows, kind):
    model = stateful(rows, kind)
    model.predict(STEPS[:rows], batch_size=rows, verbose=0)
    before = values(model)
    found = nl.diagnose(model, STEPS, Y)
    assert [(f.fault, f.message) for f in found if f.severity != "note"] == []
    assert set(found.unchecked) == {"train_validation_shift", "validation_rows_in_training"}
    for then, now in zip(before, values(model), strict=True):
        np.testing.assert_array_equal(then, now)


def test_so_is_a_model_that_reshapes_so_many_rows():
    found = nl.diagnose(reshaped(), STEPS, Y)
    assert not found.errors
    assert set(found.unchecked) == {"train_validation_shift", "validation_rows_in_training"}
    found = nl.diagnose(reshaped(), STEPS * 1e4, Y)
    assert "inputs_not_scaled" in [finding.fault for finding in found.errors]


def test_a_number_that_is_declared_alone_limits_no_run():
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), layers.Flatten()])
    model.add(layers.Dense(8, "relu", bias_initializer=keras.initializers.Constant(-99.0)))
    model.add(layers.Dense(1, "sigmoid"))
    model.compile("adam", BINARY)
    (found,) = look(model, STEPS, Y, trials=False).of("dead_neurons")
    assert found.evidence["points"] == len(STEPS)


def test_fewer_rows_than_the_model_takes_are_refused():
    with pytest.raises(ValueError, match="takes 16 rows at once, and x has 10 finite ones"):
        nl.diagnose(reshaped(), STEPS[:10], Y[:10])


@pytest.mark.parametrize("make", [stateful, reshaped])
def test_repair_says_that_it_cannot(make):
    with pytest.raises(ValueError, match="Give its Input no batch size"):
        nl.repair(make(), STEPS, Y, nl.diagnose(keras.Sequential([layers.Flatten()]), STEPS))
