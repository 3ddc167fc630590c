"""Of losses that ask for probabilities or logits; ``test_outputs`` has single activations."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.small_models import BINARY, SPARSE, found, network, points

layers = keras.layers
X, Y = points()
CLASSES = np.digitize(X[:, 2], [-0.4, 0.4])
OF_LOGITS = {
    1: keras.losses.BinaryCrossentropy(from_logits=True),
    3: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}


@pytest.mark.parametrize("rectifier", ["relu", "relu6"])
@pytest.mark.parametrize(
    ("units", "output", "severity"), [(1, "sigmoid", "error"), (3, "softmax", "warning")]
)
@pytest.mark.parametrize("apart", [True, False, "dropped"])
def test_a_rectifier_before_what_makes_probabilities(rectifier, units, output, severity, apart):
    own = (layers.Dense(units), layers.Activation(rectifier))
    rectified = own if apart else (layers.Dense(units, rectifier),)
    rectified += (layers.Dropout(0.1),) * (apart == "dropped")
    last = layers.Activation(output, name="last")
    loss = BINARY if units == 1 else SPARSE
    model = network(layers.Dense(8, "relu"), *rectified, last, loss=loss)
    (finding,) = found("output_does_not_fit_loss", model, X, Y if units == 1 else CLASSES)
    assert (finding.where, finding.severity) == ("last", severity)
    assert rectifier in finding.message


@pytest.mark.parametrize("activation", ["leaky_relu", "linear", "elu"])
def test_what_gives_values_of_both_signs_may_stand_before(activation):
    last = layers.Dense(1, activation), layers.Activation("sigmoid")
    model = network(layers.Dense(8, "relu"), *last)
    assert not found("output_does_not_fit_loss", model, X, Y)


@pytest.mark.parametrize(
    ("units", "output", "severity"),
    [
        *((1, "relu", "error"), (1, "softplus", "error"), (1, "tanh", "warning")),
        *((3, "relu", "warning"), (3, "tanh", "warning"), (3, "relu6", "warning")),
        *((1, None, None), (3, None, None), (3, "leaky_relu", None)),
    ],
)
def test_logits_of_one_sign_or_of_a_small_range(units, output, severity):
    head = layers.Dense(units, output, name="last")
    model = network(layers.Dense(8, "relu"), head, loss=OF_LOGITS[units])
    told = found("output_does_not_fit_loss", model, X, Y if units == 1 else CLASSES)
    assert [finding.severity for finding in told] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "kind", [layers.BatchNormalization, nl.BatchNormalization, layers.LayerNormalization]
)
@pytest.mark.parametrize(("units", "output"), [(1, "sigmoid"), (3, "softmax")])
def test_a_normalization_behind_what_makes_probabilities(kind, units, output):
    loss, y = (BINARY, Y) if units == 1 else (SPARSE, CLASSES)
    last = layers.Dense(units, output), kind(name="behind")
    model = network(layers.Dense(8, "relu"), *last, loss=loss)
    (finding,) = found("output_does_not_fit_loss", model, X, y)
    assert (finding.where, finding.severity) == ("behind", "error")
    before = layers.Dense(units), kind(), layers.Activation(output)
    sound = network(layers.Dense(8, "relu"), *before, loss=loss)
    assert not found("output_does_not_fit_loss", sound, X, y)


@pytest.mark.parametrize(
    "last",
    [
        lambda: (layers.Dense(3, "softmax"), layers.BatchNormalization()),
        lambda: (layers.Dense(3, "softmax"), layers.LayerNormalization()),
        lambda: (layers.Dense(3, "relu"), layers.Activation("softmax")),
    ],
)
def test_what_is_repaired_gives_probabilities(last):
    model = network(layers.Dense(8, "relu"), *last(), loss=SPARSE)
    repaired = nl.repair(model, X, CLASSES, epochs=2, trials=2)
    assert "output_does_not_fit_loss" in [change.fault for change in repaired.changes]
    assert not repaired.diagnosis.of("output_does_not_fit_loss")
    predicted = repaired.model.predict(X, verbose=0)
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)


def test_probabilities_of_numbers_that_are_none_are_left_to_other_rules():
    model = network(layers.Dense(8, "relu"), layers.Dense(1, "sigmoid"))
    model.layers[0].set_weights([np.full((6, 8), np.nan), np.zeros(8)])
    assert not found("output_does_not_fit_loss", model, X, Y)


def tanh(x):
    """Somebody's own, named as Keras's."""
    return 10 * keras.ops.tanh(x / 10)


def test_a_function_named_as_one_of_keras_computes_what_it_does():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = network(layers.Dense(8, "relu"), layers.Dense(3, tanh), loss=loss)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 10, bias])
    assert not found("output_does_not_fit_loss", model, X, CLASSES)
    repaired = nl.repair(model, X * 100, CLASSES, epochs=2, trials=3)
    assert repaired.model.layers[-1].activation is tanh
    plain = network(layers.Dense(8, "relu"), layers.Dense(3, "tanh"), loss=loss)
    assert found("output_does_not_fit_loss", plain, X, CLASSES)


@pytest.mark.parametrize("kind", [layers.BatchNormalization, layers.LayerNormalization])
def test_a_normalization_behind_a_rectifier_gives_values_of_both_signs(kind):
    model = network(layers.Dense(4, "relu"), layers.Dense(2, "relu"), kind(), loss="mse")
    assert not found("output_does_not_fit_loss", model, X, X[:, :2])
