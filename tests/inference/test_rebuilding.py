"""Copies of models: layers with state of their own, layers that Keras does not copy."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import assert_same, numpy_of, randomized, rng

layers = keras.layers


def test_layers_that_keep_more_than_weights():
    inputs = keras.Input((4,))
    standardize, normalization = nl.Standardize(), layers.Normalization()
    for layer in (standardize, normalization):
        layer.adapt((rng().normal(size=(50, 4)) + 3).astype("float32"))
    x = layers.ReLU()(normalization(standardize(inputs)))
    x = layers.Lambda(lambda t: t * 2)(x)
    model = randomized(keras.Model(inputs, nl.BatchNormalization()(layers.Dense(4)(x))))
    folded = nl.fold(model)
    assert list(folded.kept) == [standardize.name, normalization.name]
    assert_same(folded.model, model, rng().normal(size=(8, 4)).astype("float32") + 3)


@pytest.mark.parametrize("make", [lambda model: nl.fold(model).model, nl.without_idle_bias])
def test_layers_made_afterwards_begin_as_without_a_copy(make):
    """Keras draws the seeds of layers, and so their weights, of Python's random numbers."""
    noise = [layers.GaussianNoise(0.1), layers.Dropout(0.3), layers.Dropout(0.3)]
    model = keras.Sequential([keras.Input((4,)), layers.Dense(6), *noise, layers.Dense(2)])
    keras.utils.set_random_seed(3)
    expected = layers.Dense(5)
    expected.build((None, 4))
    keras.utils.set_random_seed(3)
    copies = [layer for layer in make(model).layers if hasattr(layer, "seed_generator")]
    after = layers.Dense(5)
    after.build((None, 4))
    np.testing.assert_array_equal(*(numpy_of(layer.kernel) for layer in (after, expected)))
    following = layers.Dropout(0.3)
    seeds = [tuple(numpy_of(c.seed_generator.state)) for c in (*copies, following)]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="IntegerLookup is TensorFlow's")
def test_vocabularies():
    lookup = layers.IntegerLookup(output_mode="one_hot")
    lookup.adapt(np.array([7, 7, 9, 12]))
    inputs = keras.Input((1,), dtype="int64")
    x = layers.BatchNormalization()(layers.Dense(3)(lookup(inputs)))
    model = randomized(keras.Model(inputs, x))
    folded = nl.fold(model)
    assert folded.kept == {}
    assert_same(folded.model, model, np.array([[7], [9], [12], [5]]))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="IntegerLookup is TensorFlow's")
def test_how_rare_each_number_is():
    lookup = layers.IntegerLookup(output_mode="tf_idf")
    lookup.adapt(np.array([[7], [7], [9], [12]]))
    inputs = keras.Input((1,), dtype="int64")
    x = layers.BatchNormalization()(layers.Dense(3)(lookup(inputs)))
    model = randomized(keras.Model(inputs, x))
    assert_same(nl.fold(model).model, model, np.array([[7], [9], [12], [5]]))


class Doubles(layers.Layer):
    """Computes with what it makes of its weight when that is loaded."""

    def build(self, shape):
        self.weight = self.add_weight(shape=shape[1:], trainable=False)
        self.used = np.zeros(shape[1:])

    def call(self, x):
        return x + keras.ops.cast(self.used, x.dtype)

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self.used = 2 * np.array(keras.ops.convert_to_numpy(self.weight))


def test_what_a_layer_makes_of_its_weights_when_they_are_loaded():
    layer = Doubles()
    layer.build((None, 4))
    layer.load_own_variables({"0": rng().normal(size=4)})
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(2), nl.BatchNormalization()])
    assert_same(nl.fold(model).model, model, rng().normal(size=(8, 4)).astype("float32"))


class NoConfig(layers.Layer):
    def __init__(self, needed):
        super().__init__()
        self.needed = needed

    def call(self, x):
        return x * self.needed

    def get_config(self):
        return {}


def test_a_layer_that_cannot_be_copied_is_named():
    layer = NoConfig(2.0)
    layer.name = "mine"
    model = keras.Sequential([keras.Input((4,)), layer, nl.BatchNormalization()])
    with pytest.raises(ValueError, match=r"fold\(\): layer 'mine', a NoConfig, cannot be copied"):
        nl.fold(model)


def test_a_copy_is_exported_without_having_been_called():
    """Keras's ONNX and OpenVINO exports ask for that."""
    inputs = {name: keras.Input((4,), name=name) for name in "ab"}
    model = keras.Model(inputs, layers.BatchNormalization()(layers.Dense(2)(inputs["a"])) + 1)
    assert nl.fold(model).model._called
    assert nl.fold(keras.Sequential([keras.Input((4,)), layers.Dense(2)])).model._called
    layer = nl.fold(keras.Sequential([keras.Input((4,)), layers.Dense(2)])).model.layers[0]
    assert layer.output.shape == (None, 2)


@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_a_model_quantized_after_it_was_built(mode):
    first, last = layers.Dense(4), layers.Dense(3)
    model = randomized(keras.Sequential([keras.Input((6,)), first, nl.BatchNormalization(), last]))
    for dense in (first, last):
        dense.quantize(mode)
    x = rng().normal(size=(8, 6)).astype("float32")
    folded = nl.fold(model)
    assert folded.folded == {}
    assert_same(folded.model, model, x)
    assert_same(nl.without_idle_bias(model), model, x)
    before = model.get_weights()
    folded.model.compile("sgd", "mse")
    folded.model.fit(x, np.zeros((8, 3)), verbose=0)  # in which JAX gives arrays up
    for then, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(then, now)
