"""A model made of a plan. Covers too: given.py, plan.py."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.repair.plan import Part, new_part, put
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import amounts, classes, classifier, found, given, numbers


class Multiplied(keras.layers.Layer):
    """Its configuration has no name, as also one that Keras makes where ``kwargs`` is ``k``."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs

    def get_config(self):
        return {"factor": self.factor}


class MultipliedByFactorAlone(Multiplied):
    """Its constructor takes no name either."""

    def __init__(self, factor=2.0):
        super().__init__(factor)


def shared_layer_model():
    inputs = [keras.Input((3,), name="a"), keras.Input((3,), name="b")]
    shared = keras.layers.Dense(4, "tanh", name="shared")
    both = keras.layers.Subtract()([shared(inputs[0]), shared(inputs[1])])
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu")], name="inner")
    out = keras.layers.Dense(1, name="last")(inner(both))
    model = keras.Model(inputs, {"answer": out * 2.0})
    model.compile("sgd", "mse")
    return model


def test_the_plan_of_a_model_makes_it_again():
    x, y = classes()
    model = classifier(nl.BatchNormalization(), keras.layers.Dense(4, "relu"))
    model.fit(x, y, epochs=1, verbose=0)
    other = given(model, x, y)
    again = build(other.plan(), other)
    np.testing.assert_array_equal(numbers(again(x)), numbers(model(x)))
    assert not {id(v) for v in again.variables} & {id(v) for v in model.variables}
    assert again.optimizer.get_config() == model.optimizer.get_config()


def test_a_layer_whose_configuration_has_no_name_keeps_it_and_targets_are_scaled():
    x, y = amounts(scale=1e3, offset=1e4)
    hidden = keras.layers.Dense(8, "relu"), Multiplied(name="doubled")
    model = classifier(*hidden, activation="linear", loss="mse")
    done = nl.repair(model, x, y, found("targets_not_scaled"), trials=1, epochs=2)
    assert [change.fault for change in done.changes] == ["targets_not_scaled"]
    assert done.model.get_layer("doubled").factor == 2.0


@pytest.mark.parametrize("kind", [Multiplied, MultipliedByFactorAlone])
def test_a_last_layer_whose_configuration_has_no_name_gives_its_name_away(kind):
    x, y = amounts(scale=1e3, offset=1e4)
    inputs = keras.Input((3,))
    layer = kind(3.0)
    layer.name = "amount"
    outputs = layer(keras.layers.Dense(1)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    done = nl.repair(model, x, y, found("targets_not_scaled"), trials=1, epochs=2)
    assert done.model.get_layer("amount_standardized").factor == 3.0
    assert done.model.output_names == ["amount"]


def test_shared_and_nested_layers_and_operations_stay():
    x, y = classes()
    model = shared_layer_model()
    other = given(model, [x, 2 * x], y)
    again = build(other.plan(), other)
    expected, got = model([x, 2 * x])["answer"], again([x, 2 * x])["answer"]
    np.testing.assert_array_equal(numbers(got), numbers(expected))
    assert sum(layer.name == "shared" for layer in again.layers) == 1


def test_layers_in_front_of_behind_and_in_the_place_of_others():
    x, y = classes()
    model = classifier(keras.layers.Dense(4, name="first"), activation="linear", loss="mse")
    other = given(model, x, y)
    plan = other.plan()
    plan = plan.with_front(0, new_part(keras.layers.Rescaling, "half", scale=0.5))
    plan = plan.with_chain("first", *plan.chains["first"], new_part(keras.layers.ReLU, "relu"))
    back = new_part(keras.layers.Rescaling, "back", scale=3.0, offset=1.0)
    plan = plan.changed(None, behind=put(plan.behind, 0, (back,)))
    kernel, bias, last, last_bias = model.get_weights()
    expected = np.maximum(x * 0.5 @ kernel + bias, 0) @ last + last_bias
    made = build(plan, other)
    np.testing.assert_allclose(numbers(made(x)), expected * 3 + 1, rtol=1e-4, atol=1e-5)


def test_weights_that_are_not_finite_are_not_kept():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    layer.set_weights([np.full((3, 2), np.nan), np.zeros(2)])
    assert Part.of(layer).weights == (None, None)


def test_what_makes_an_output_and_what_is_hidden():
    x, y = classes()
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, name="fc"),
            layers.BatchNormalization(),
            layers.Activation("relu", name="act"),
            layers.Dense(1, name="logit"),
            layers.Activation("sigmoid", name="answer"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    other = given(model, x, y)
    assert other.output_makers == [["answer", "logit"]]
    assert other.hidden == ["fc"]
    assert other.activation_layer("fc") == "act"
    assert other.output_activation(0) == "sigmoid"
    assert other.targets[0].kind == "binary"


def test_a_class_that_nobody_registered_is_found_within_a_nested_model():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), Multiplied()], name="inner")
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    x, y = classes()
    read = given(model, x, y)
    made = build(read.plan(), read)
    np.testing.assert_allclose(made.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    assert type(made.get_layer("inner").layers[-1]) is Multiplied
    nl.without_idle_bias(model)
