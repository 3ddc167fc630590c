"""Descriptions of networks, and what their layouts have in common, against Keras's own layers.

Covers too: classifier_network.py, stacked_network.py.
"""

from dataclasses import replace

import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.dense_networks import trained_part, with_trained
from normlayers.ensembles.stacked_network import Architecture

LAYOUTS = [Architecture(hidden=(3,)), Classifier(2, (3,), 4)]


@pytest.mark.parametrize("networks", LAYOUTS)
def test_initial_weights_are_those_of_keras(networks):
    weights = networks.initial_weights(4000, np.random.default_rng(0))
    model = networks.keras_model()
    for array, theirs in zip(
        [a for la in weights for a in la.values()], model.weights, strict=True
    ):
        shape = array.shape[:-1] if networks.networks_axis == -1 else array.shape[:0:-1]
        assert shape == theirs.shape
        assert array.dtype == "float32"
    limit = np.sqrt(6 / 5)
    kernel = weights[0]["kernel"]
    assert abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not weights[0]["bias"].any()


@pytest.mark.parametrize("networks", LAYOUTS)
def test_stacks_are_joined_and_cut_along_the_networks(networks):
    random = np.random.default_rng(0)
    parts = [networks.initial_weights(count, random) for count in (2, 3)]
    joined = networks.joined(parts)
    cut = networks.first(joined, 2)
    for whole, layer, expected in zip(joined, cut, parts[0], strict=True):
        for name, array in expected.items():
            assert whole[name].shape[networks.networks_axis] == 5
            np.testing.assert_array_equal(layer[name], array)


@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
def test_moving_statistics_have_no_gradients(normalization):
    networks = Classifier(5, (4, 3), 3, "prelu", normalization)
    weights = networks.initial_weights(2, np.random.default_rng(0))
    model = networks.keras_model()
    trained = trained_part(weights)
    assert sum(len(layer) for layer in trained) == len(model.trainable_weights)
    doubled = with_trained(weights, [{n: 2 * a for n, a in layer.items()} for layer in trained])
    for before, after in zip(weights, doubled, strict=True):
        for name, array in before.items():
            factor = 1 if name.startswith("moving") else 2
            np.testing.assert_array_equal(after[name], factor * array)


@pytest.mark.parametrize("networks", LAYOUTS)
def test_data_are_laid_out_for_all_and_for_each_network(networks):
    """Every network's points are the shared ones in its own order."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(6, 2)).astype("float32"), np.sort(np.arange(6) % networks.classes)
    shared_x, shared_y = networks.tensors(x, y)
    order = random.permuted(np.tile(np.arange(6), (5, 1)), axis=1)
    laid = order.T if networks.networks_axis == -1 else order
    own_x, own_y = map(
        ops.convert_to_numpy, networks.ordered(shared_x, shared_y, ops.convert_to_tensor(laid))
    )
    for network in range(5):
        if networks.networks_axis == -1:
            np.testing.assert_array_equal(own_x[..., network], x[order[network]])
            np.testing.assert_array_equal(own_y[..., network], y[order[network]])
        else:
            np.testing.assert_array_equal(own_x[network].T, x[order[network]])
            np.testing.assert_array_equal(own_y[network].argmax(axis=0), y[order[network]])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hidden": (2, 0)}, "sizes of layers must be positive integers"),
        ({"inputs": 0}, "sizes of layers"),
        ({"activation": "rulo"}, "a Keras activation's name or 'prelu'. Received: 'rulo'"),
        ({"normalization": "both"}, 'normalization must be "none", "pre" or "post"'),
    ],
)
@pytest.mark.parametrize("layout", [Architecture, Classifier])
def test_impossible_networks_are_refused(layout, options, says):
    sizes = {"inputs": 2, "hidden": (3,)} | ({"classes": 2} if layout is Classifier else {})
    with pytest.raises(ValueError, match=says):
        layout(**sizes | options)
    with pytest.raises(ValueError, match="sizes of layers"):
        Classifier(2, (3,), classes=0)


def test_descriptions_are_compared_by_what_they_say():
    assert Architecture() == Architecture(2, (2,))
    assert hash(Architecture()) == hash(Architecture(2, (2,)))
    assert Architecture(hidden=(3,)) != Classifier(2, (3,), 2)


@pytest.mark.parametrize("networks", LAYOUTS)
@pytest.mark.parametrize("activation", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_activations_of_several_neurons_are_refused(networks, activation):
    """Of a stack they would take the networks, or the points, together."""
    with pytest.raises(ValueError, match=f"of each value alone.*Received: '{activation}'"):
        replace(networks, activation=activation)
