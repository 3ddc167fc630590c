"""How far layers' inputs move, against NumPy on the same networks' outputs."""

import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import forward
from normlayers.experiments.deep_networks.layer_drift import drift, outputs_distribution
from tests.ensembles.keras_twins import keras_weights

CLASSIFIER = Classifier(5, (4, 4), 3, "tanh", "pre")


def networks(seed):
    return CLASSIFIER.initial_weights(2, np.random.default_rng(seed))


def outputs(weights, x):
    """Of network 1's hidden layers, by its Keras model in training mode."""
    model = CLASSIFIER.keras_model()
    model.set_weights(keras_weights(CLASSIFIER, weights, 1))
    given, found = x, []
    for layer in model.layers[:-1]:
        given = layer(given, training=True) if "normalized" in layer.name else layer(given)
        if "hidden" in layer.name:
            found.append(np.asarray(given, float))
    return found


def test_the_distribution_is_that_of_the_layers_outputs():
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    weights = networks(1)
    passed = forward(CLASSIFIER, weights, ops.convert_to_tensor(x.T), training=True)
    found = outputs_distribution(CLASSIFIER, weights, passed, x)
    expected = outputs(weights, x)
    for name in ("mean", "std"):
        values = np.asarray(found[name])
        assert values.shape == (2, 2, 4)
        of_layers = [getattr(layer, name)(axis=0) for layer in expected]
        np.testing.assert_allclose(values[1], of_layers, atol=1e-5)


def test_drift_is_wassersteins_distance_of_samples():
    """In one dimension that of sorted samples, exact for two of one shape."""
    before = np.random.default_rng(2).normal(size=(4000, 3)) * [1, 2, 5] + [0, 4, 9]
    after = before * [1.5, 1, 0.5] + [1, 0, -3]
    squares = (np.sort(before, axis=0) - np.sort(after, axis=0)) ** 2
    expected = np.sqrt(squares.mean(axis=0).sum() / before.var(axis=0).sum())
    mean, std = (
        np.stack([getattr(sample, name)(axis=0) for sample in (before, after)])[None, :, None]
        for name in ("mean", "std")
    )
    np.testing.assert_allclose(drift(mean, std), [[[expected]]], rtol=1e-12)


@pytest.mark.parametrize(
    ("moved", "std", "expected"), [(0.0, 0.0, 0.0), (1.0, 0.0, np.inf), (np.nan, 1.0, np.inf)]
)
def test_without_spread_any_move_is_infinite(moved, std, expected):
    mean = np.array([0.0, moved]).reshape(1, 2, 1, 1)
    assert drift(mean, np.full_like(mean, std)) == expected


def test_drift_knows_no_scale():
    mean, std = np.random.default_rng(3).uniform(1, 2, (2, 1, 3, 2, 4))
    np.testing.assert_allclose(drift(mean, std), drift(1e3 * mean, 1e3 * std))
