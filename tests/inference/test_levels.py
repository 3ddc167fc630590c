"""Which layers are recalibrated in one pass: those whose inputs depend on none that is left.

Covers too: graph.py
"""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import numpy_of
from tests.inference.to_recalibrate import (
    IMAGES,
    ROWS,
    assert_statistics_are_those_of_the_inputs,
    randomized,
)

layers = keras.layers


def branched(kind=nl.BatchNormalization):
    """Two branches of two and one, which meet: three passes."""
    inputs = keras.Input((6, 6, 2))
    a = layers.Conv2D(3, 3, padding="same")(inputs)
    a = kind(name="a1")(a)
    a = layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Dropout(0.5)(a))
    a = kind(name="a2", renorm=True)(a)
    b = kind(name="b1", axis=1)(inputs)
    b = layers.Conv2D(3, 1)(b)
    x = layers.Add()([a, b])
    return randomized(keras.Model(inputs, kind(name="end")(x)))


@pytest.mark.parametrize("kind", [nl.BatchNormalization, layers.BatchNormalization])
def test_branches_share_passes(kind):
    model = branched(kind)
    done = nl.recalibrate(model, IMAGES, batch_size=16)
    assert done.passes == 3
    assert_statistics_are_those_of_the_inputs(model, IMAGES)
    a2 = model.get_layer("a2")
    sigma = np.sqrt(numpy_of(a2.moving_variance) + a2.epsilon)
    np.testing.assert_allclose(numpy_of(a2.moving_stddev), sigma, rtol=1e-6)
    np.testing.assert_allclose(numpy_of(a2.renorm_stddev), sigma, rtol=1e-6)
    np.testing.assert_array_equal(numpy_of(a2.renorm_mean), numpy_of(a2.moving_mean))


def test_placements_shared_and_debiased_layers():
    inputs = keras.Input((6, 6, 2))
    shared = nl.BatchNormalization(activation="tanh", placement="post", debias=True, name="shared")
    pre = nl.BatchNormalization(activation=layers.LeakyReLU(0.1), name="pre")
    x, y = layers.Conv2D(3, 3)(inputs), layers.Conv2D(3, 3)(inputs)
    model = keras.Model(inputs, pre(layers.Add()([shared(x), shared(y)])))
    randomized(model)
    done = nl.recalibrate(model, IMAGES, batch_size=20)
    assert (done.passes, done.layers) == (2, ("shared", "pre"))
    assert_statistics_are_those_of_the_inputs(model, IMAGES)
    assert int(numpy_of(shared.steps)) == 3  # of as many batches


def test_a_nested_model_is_part_of_the_graph():
    body = keras.Sequential([keras.Input((4,)), layers.Dense(4), nl.BatchNormalization()])
    inputs = keras.Input((4,))
    x = nl.BatchNormalization()(inputs)
    model = randomized(keras.Model(inputs, nl.BatchNormalization()(body(x))))
    flat = keras.Sequential([keras.Input((4,)), model.layers[1], *body.layers, model.layers[-1]])
    assert nl.recalibrate(model, ROWS).passes == 3
    x = ROWS
    for layer in flat.layers:
        if isinstance(layer, layers.BatchNormalization):
            exact = numpy_of(x).astype(np.float64)
            np.testing.assert_allclose(
                numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6
            )
        x = layer(x, training=False) if "norm" in layer.name else layer(x)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = nl.BatchNormalization(name="last")
        self.first = nl.BatchNormalization(name="first")
        self.unused = nl.BatchNormalization(name="unused")
        self.dense = layers.Dense(3)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.unused.build(input_shape)
        self.dense.build(input_shape)
        self.last.build((None, 3))
        self.built = True

    def call(self, x, training=None):
        return self.last(self.dense(self.first(x, training=training)), training=training)


def test_subclassed_models_go_in_the_order_of_their_calls():
    model = Subclassed()
    model.build((None, 4))
    randomized(model)
    done = nl.recalibrate(model, ROWS)
    assert (done.passes, done.layers) == (2, ("first", "last"))
    assert done.skipped == {"unused": "the model does not call it"}
    inputs = numpy_of(model.dense(model.first(ROWS, training=False))).astype(np.float64)
    np.testing.assert_allclose(numpy_of(model.last.moving_variance), inputs.var(axis=0), rtol=1e-6)


def test_a_layer_within_a_wrapper_that_calls_it_often():
    """Its inputs are known to no graph, and both steps' are its own."""
    normalization = nl.BatchNormalization()
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.TimeDistributed(normalization)])
    x = (np.random.default_rng(0).normal(size=(16, 5, 4)) * 3 + 1).astype("float32")
    with pytest.raises(ValueError, match=r"not of those within other layers.* layerwise=False"):
        nl.recalibrate(model, x)
    nl.recalibrate(model, x, layerwise=False)
    mean, variance = map(
        keras.ops.convert_to_numpy, (normalization.moving_mean, normalization.moving_variance)
    )
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1), dtype=float), rtol=1e-5)
    np.testing.assert_allclose(variance, x.var(axis=(0, 1), dtype=float), rtol=1e-5)
