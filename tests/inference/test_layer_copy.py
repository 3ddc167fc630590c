import keras
import numpy as np

from normlayers.inference.layer_copy import layer_like


def test_a_lambda_keeps_its_function():
    layer = keras.layers.Lambda(lambda x: 2 * x, name="twice")
    copy = layer_like(layer)
    assert copy is not layer
    assert (copy.name, copy.function) == ("twice", layer.function)


def test_another_layer_is_read_from_its_configuration():
    layer = keras.layers.Dense(3, "relu", kernel_initializer="zeros")
    layer.build((None, 2))
    copy = layer_like(layer, name="copy", units=4)
    assert (copy.name, copy.units, copy.activation) == ("copy", 4, keras.activations.relu)
    assert not copy.built
    np.testing.assert_array_equal(layer.get_weights()[0], np.zeros((2, 3)))


def test_a_class_of_the_name_of_one_of_keras_does_not_take_its_place():
    class Dense(keras.layers.Layer):
        def call(self, x):
            return -x

    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Dense()])
    copy = layer_like(inner)
    assert [type(layer) for layer in copy.layers] == [keras.layers.Dense, Dense]
