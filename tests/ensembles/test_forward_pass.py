"""Points sent through networks of both layouts, against Keras and against each other."""

import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import blocks, forward, measuring_program
from normlayers.ensembles.stacked_network import Architecture
from tests.ensembles.keras_twins import keras_weights

LAYOUTS = {
    "stacked": lambda activation, normalization: Architecture(3, (4, 2), activation, normalization),
    "classifier": lambda activation, normalization: Classifier(
        3, (4, 2), 3, activation, normalization
    ),
}


def some_weights(networks, count, random):
    return [
        {name: random.uniform(0.5, 1, array.shape).astype("float32") for name, array in it.items()}
        for it in networks.initial_weights(count, random)
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("activation", ["relu", "prelu"])
@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
def test_what_goes_through_is_what_goes_through_keras(layout, activation, normalization):
    networks = LAYOUTS[layout](activation, normalization)
    random = np.random.default_rng(1)
    weights = some_weights(networks, 2, random)
    x = random.normal(size=(7, 3)).astype("float32")
    passed = forward(networks, weights, networks.tensors(x)[0], training=False)
    logits = ops.convert_to_numpy(passed.logits)
    for network in range(2):
        model = networks.keras_model()
        model.set_weights(keras_weights(networks, weights, network))
        expected = ops.convert_to_numpy(model(x))
        if layout == "stacked":
            np.testing.assert_allclose(
                1 / (1 + np.exp(-logits[:, network])), expected[:, 0], rtol=1e-5
            )
        else:
            np.testing.assert_allclose(logits[network].T, expected, rtol=1e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "prelu"])
@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
def test_both_layouts_do_the_same(activation, normalization, training):
    stacked = Architecture(3, (4, 2), activation, normalization)
    other = Classifier(3, (4, 2), 1, activation, normalization)
    random = np.random.default_rng(2)
    weights = some_weights(stacked, 5, random)
    transposed = [{name: array.T for name, array in layer.items()} for layer in weights]
    x = random.normal(size=(7, 3)).astype("float32")
    here, there = (
        forward(networks, arrays, networks.tensors(x)[0], training)
        for networks, arrays in ((stacked, weights), (other, transposed))
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(here.logits), ops.convert_to_numpy(there.logits)[:, 0].T, rtol=1e-4
    )
    pairs = list(zip(here.outputs + here.pre_activations, there.outputs + there.pre_activations,
                     strict=True))  # fmt: skip
    for ours, theirs in zip(here.statistics, there.statistics, strict=True):
        assert ours.keys() == theirs.keys() == (
            {"moving_mean", "moving_variance"} if training and normalization != "none" else set()
        )  # fmt: skip
        pairs += [(ours[name], theirs[name]) for name in ours]
    for ours, theirs in pairs:
        np.testing.assert_allclose(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs).T, rtol=1e-4, atol=1e-5
        )


def test_moving_statistics_serve_validation_only():
    classifier = Classifier(5, (4,), 3, "relu", "pre")
    weights = classifier.initial_weights(2, np.random.default_rng(0))
    points = np.random.default_rng(0).normal(size=(50, 5)).astype("float32")
    x = classifier.tensors(points)[0]
    z = np.asarray(forward(classifier, weights, x, training=True).pre_activations[0])
    np.testing.assert_allclose(z.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(z.var(axis=-1), 1, atol=0.05)
    still = np.asarray(forward(classifier, weights, x, training=False).pre_activations[0])
    assert abs(still.var(axis=-1) - 1).max() > 0.1


def logits_and_more(networks, weights, passed, x, factor):
    return {"logits": passed.logits * factor, "layers": ops.convert_to_tensor(len(weights))}


@pytest.mark.parametrize("networks", [Architecture(3, (4,) * 12), Classifier(3, (4,) * 12, 2)])
def test_measures_are_given_every_layer_and_what_else_there_is(networks):
    random = np.random.default_rng(3)
    weights = networks.initial_weights(2, random)
    x = networks.tensors(random.normal(size=(7, 3)).astype("float32"))[0]
    program = measuring_program(networks, logits_and_more, training=False)
    found = program(blocks(networks, weights), x, ops.convert_to_tensor(2.0))
    assert int(found["layers"]) == 13
    expected = forward(networks, weights, x, training=False).logits
    np.testing.assert_allclose(
        ops.convert_to_numpy(found["logits"]),
        2 * ops.convert_to_numpy(expected),
        rtol=1e-4,
        atol=1e-5,
    )
