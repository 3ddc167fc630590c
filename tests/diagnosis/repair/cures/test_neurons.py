import keras
import numpy as np

import normlayers as nl
from normlayers.diagnosis.repair.cures import neurons
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import classes, classifier, given, numbers


def cured(cure, *hidden):
    x, y = classes()
    other = given(classifier(*hidden), x, y)
    return build(cure(other.plan(), other, "dead_neurons", []), other), x


def dense(activation, name="first", **arguments):
    return keras.layers.Dense(64, activation, name=name, **arguments)


def test_fresh_weights_are_as_wide_as_the_activation_needs():
    dead = keras.initializers.Constant(-30.0)
    made, x = cured(neurons.start_afresh, dense("relu", bias_initializer=dead), dense("tanh", "b"))
    first, second = made.layers[:2]
    assert np.all(numbers(first.bias) == 0)
    # He: the variance is 2 / 64; Glorot: 2 / (64 + 64).
    assert abs(numbers(second.kernel).var() * 64 - 1) < 0.2
    assert 0.2 < np.mean(numbers(first(x)) > 0) < 0.8


def test_a_batch_normalization_goes_before_the_activation():
    made, _ = cured(neurons.normalize, dense("tanh"))
    first, normalization, activation = made.layers[:3]
    assert first.activation is keras.activations.linear
    assert not first.use_bias
    assert isinstance(normalization, nl.BatchNormalization)
    assert activation.activation is keras.activations.tanh


def test_a_batch_normalization_goes_before_an_activation_that_stands_apart():
    made, _ = cured(neurons.normalize, dense(None), keras.layers.Activation("relu"))
    kinds = [type(layer).__name__ for layer in made.layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dense"]


def test_activations_apart_and_own_are_replaced():
    made, _ = cured(
        neurons.rectify, dense("sigmoid"), dense(None, "b"), keras.layers.Activation("tanh")
    )
    assert made.layers[0].activation is keras.activations.relu
    assert made.layers[2].activation is keras.activations.relu
    assert made.layers[-1].activation is keras.activations.sigmoid


def test_layers_that_have_it_are_not_said_to_get_it():
    x, y = classes()
    model = classifier(dense("relu"), dense("sigmoid", "b"), dense(None, "c"))
    other = given(model, x, y)
    (change, _) = neurons.rectify(other.plan(), other, "vanishing_gradients", ["b"]).changes
    assert (change.where, change.done) == ("b, c", "The activation is relu.")
    all_have_it = given(classifier(dense("relu")), x, y)
    plan = neurons.rectify(all_have_it.plan(), all_have_it, "vanishing_gradients", ["first"])
    (change,) = plan.changes
    assert "drawn as He's or Glorot's rule says" in change.done


def test_layers_without_one_get_a_nonlinearity():
    made, _ = cured(neurons.use_tanh, dense(None))
    assert made.layers[0].activation is keras.activations.tanh


def test_both():
    made, _ = cured(neurons.rectify_and_normalize, dense("sigmoid"))
    assert made.layers[2].activation is keras.activations.relu
