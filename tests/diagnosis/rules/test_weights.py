import keras
import numpy as np
import pytest

from tests.diagnosis.small_models import classifier, found, network, points

X, Y = points()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value):
    model = classifier()
    kernel = np.array(model.get_layer("hidden").kernel)
    kernel[1, :3] = value
    model.get_layer("hidden").kernel.assign(kernel)
    (finding,) = found("non_finite_weights", model, X, Y)
    assert (finding.where, finding.severity) == ("hidden", "error")
    assert finding.evidence == {"variables": ["hidden/kernel"], "values": 3}


def test_finite_ones_are_not_reported():
    model = classifier()
    model.get_layer("hidden").kernel.assign(np.full((6, 16), 3e38) * np.eye(6, 16))
    assert not found("non_finite_weights", model, X, Y)


def test_a_model_of_frozen_layers_is_said_to_learn_nothing():
    model = classifier(keras.layers.BatchNormalization())
    model.trainable = False
    (finding,) = found("nothing_to_train", model, X, Y)
    assert finding.severity == "warning"
    assert finding.evidence["layers"] == [layer.name for layer in model.layers]
    model.get_layer("last").trainable = True
    model.trainable = True
    assert not found("nothing_to_train", model, X, Y)


def test_a_model_that_is_not_compiled_may_be_frozen():
    model = network(keras.layers.Dense(1), loss=None)
    model.trainable = False
    assert not found("nothing_to_train", model, X, Y)


def test_a_model_without_weights_has_nothing_to_train_and_is_none_the_worse():
    model = network(keras.layers.Rescaling(0.5), loss="mse")
    assert not found("nothing_to_train", model, X, X)
