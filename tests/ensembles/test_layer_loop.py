"""Layers in a loop against the same layers one after the other."""

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.backend_programs import compiled, gradients_of
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import (
    LOOPED_FROM,
    blocks,
    forward,
    layers,
    training_forward,
)
from normlayers.ensembles.layer_loop import through_layers, unrolled

DEEP = Classifier(3, (4,) * LOOPED_FROM, 2, "tanh", "pre")


def stacked(count=7):
    random = np.random.default_rng(0)
    kernel = random.normal(size=(count, 2, 4, 4)).astype("float32") / 2
    bias = random.normal(size=(count, 2, 4)).astype("float32")
    x = random.normal(size=(2, 4, 5)).astype("float32")
    return ops.convert_to_tensor(x), {
        "kernel": ops.convert_to_tensor(kernel),
        "bias": ops.convert_to_tensor(bias),
    }


def layer(x, arrays):
    z = ops.matmul(arrays["kernel"], x) + arrays["bias"][..., None]
    return ops.tanh(z), {"mean": ops.mean(z, axis=-1)}


def test_a_loop_gives_what_layers_one_after_the_other_do():
    x, arrays = stacked()
    (looped, found), (plain, expected) = (
        compiled(lambda x, arrays, go=go: go(layer, x, arrays))(x, arrays)
        for go in (through_layers, unrolled)
    )
    np.testing.assert_allclose(looped, plain, rtol=1e-5)
    np.testing.assert_allclose(found["mean"], expected["mean"], rtol=1e-4, atol=1e-6)


def test_a_loop_has_the_same_gradients():
    x, arrays = stacked()

    def gradients(go):
        def of(arrays):
            def loss(trained):
                return ops.sum(ops.square(go(layer, x, trained[0])[0])), {}

            return gradients_of(loss, [arrays])[0][0]

        return compiled(of)(arrays)

    looped, plain = gradients(through_layers), gradients(unrolled)
    for name in arrays:
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(looped[name]),
            keras.ops.convert_to_numpy(plain[name]),
            rtol=1e-4,
            atol=1e-6,
        )


@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
def test_deep_classifiers_train_on_what_forward_gives(normalization):
    classifier = Classifier(3, (4,) * LOOPED_FROM, 2, "tanh", normalization)
    weights = classifier.initial_weights(2, np.random.default_rng(0))
    x = ops.convert_to_tensor(np.random.default_rng(1).normal(size=(3, 6)).astype("float32"))
    passed = forward(classifier, weights, x, training=True)
    logits, statistics = training_forward(classifier, blocks(classifier, weights), x)
    np.testing.assert_allclose(logits, passed.logits, rtol=1e-4, atol=1e-6)
    assert len(statistics) == 2
    if normalization != "none":
        for number, expected in enumerate(passed.statistics[1:]):
            np.testing.assert_allclose(
                statistics[1]["moving_mean"][number], expected["moving_mean"], atol=1e-5
            )


def test_layers_come_back_from_blocks():
    weights = DEEP.initial_weights(2, np.random.default_rng(0))
    packed = blocks(DEEP, weights)
    assert len(packed) == 3
    for layer, back in zip(weights, layers(DEEP, packed), strict=True):
        for name, array in layer.items():
            np.testing.assert_array_equal(array, back[name])
    few = Classifier(3, (4, 4), 2)
    weights = few.initial_weights(2, np.random.default_rng(0))
    assert blocks(few, weights) is weights
