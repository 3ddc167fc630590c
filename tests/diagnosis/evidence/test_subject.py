"""Covers too: random_states.py."""

import random

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.random_states import own_random_numbers
from normlayers.diagnosis.evidence.subject import subject_of, values_of

LAYERS = keras.layers
X = np.ones((2, 3), "float32")


class Hard(keras.Model):
    """Its constructor's argument is in no configuration."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.calls = 0

    def call(self, x):
        self.calls += 1
        return self.layer(x)

    def get_config(self):
        raise NotImplementedError


def outputs(model):
    return np.asarray(ops.convert_to_numpy(model(X)))


@pytest.mark.parametrize(
    "layer",
    [
        LAYERS.Dense(2, "relu"),
        LAYERS.Lambda(lambda x: x * np.float32(2), output_shape=(3,)),
        LAYERS.BatchNormalization(),
    ],
)
def test_a_copy_computes_the_same_and_is_another(layer):
    model = keras.Sequential([keras.Input((3,)), layer, LAYERS.Dense(1)])
    model.compile("adam", lambda y, p: ops.mean(y - p))
    with subject_of(model, X) as subject:
        assert subject.model is not model
        assert not subject.trained
        np.testing.assert_array_equal(outputs(subject.model), outputs(model))
    assert model.compiled


def test_an_adapted_layer_of_keras_is_copied_with_its_statistics():
    scaling = LAYERS.Normalization()
    scaling.adapt(np.random.default_rng(0).normal(5, 3, (50, 3)).astype("float32"))
    model = keras.Sequential([keras.Input((3,)), scaling])
    with subject_of(model, X) as subject:
        np.testing.assert_allclose(outputs(subject.model), outputs(model), rtol=1e-6)


def test_the_user_s_model_stays_unbuilt():
    model = keras.Sequential([LAYERS.Dense(2), LAYERS.Dense(1)])
    with subject_of(model, ops.convert_to_tensor(X)) as subject:
        assert subject.model.built
        assert len(values_of(subject.model)) == 4
    assert not model.built
    assert model.weights == []


def test_a_model_that_cannot_be_copied_is_run_itself():
    model = Hard(LAYERS.Dense(1))
    with pytest.raises(CannotCheckError, match="call it on a batch first"), subject_of(model, X):
        pass
    model(X)
    calls = model.calls
    with subject_of(model, X) as subject:
        assert subject.model is model
        subject.model(X)
        assert model.calls == calls + 1
    assert model.calls == calls


def test_training_shows_in_biases_and_in_the_optimizer():
    model = keras.Sequential([keras.Input((3,)), LAYERS.Dense(1)])
    model.layers[0].bias.assign([0.5])
    with subject_of(model, X) as subject:
        assert subject.trained
        kernel, bias = subject.initial
        assert bias.tolist() == [0.0]
        assert not np.array_equal(kernel, subject.values[0])


@pytest.mark.parametrize(
    ("recurrence", "shape"),
    [
        (LAYERS.LSTM(4), (5, 3)),
        (LAYERS.Bidirectional(LAYERS.LSTM(4)), (5, 3)),
        (LAYERS.LSTM(4, unit_forget_bias=False), (5, 3)),
        (LAYERS.GRU(4), (5, 3)),
        (LAYERS.ConvLSTM2D(2, 3), (5, 4, 4, 3)),
    ],
)
def test_a_forget_gates_bias_begins_with_1(recurrence, shape):
    model = keras.Sequential([keras.Input(shape), recurrence])
    x = np.ones((2, *shape), "float32")
    with subject_of(model, x) as subject:
        assert not subject.trained
    bias = next(weight for weight in model.weights if weight.name == "bias")
    bias.assign(bias + 0.25)
    with subject_of(model, x) as subject:
        assert subject.trained


def test_random_numbers_go_on_as_if_nothing_had_been_drawn():
    def draw():
        return (
            random.random(),
            np.random.random(),  # noqa: NPY002
            float(ops.convert_to_numpy(keras.random.normal(()))),
        )

    keras.utils.set_random_seed(1)
    expected = [draw(), draw()]
    keras.utils.set_random_seed(1)
    first = draw()
    inside = []
    for _ in range(2):
        with own_random_numbers(7):
            inside.append(draw())
    assert [first, draw()] == expected
    assert inside[0] == inside[1]
