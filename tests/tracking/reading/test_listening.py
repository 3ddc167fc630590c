"""What is heard of a model, and that nothing is left behind."""

import keras
import pytest

from normlayers.tracking.reading.listening import listen

layers = keras.layers


def test_hears_layers_with_weights_or_an_activation_in_order():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, name="dense"),
            layers.Dropout(0.5),
            layers.BatchNormalization(name="normalized"),
            layers.Activation("relu", name="relu"),
            layers.Reshape((3, 1)),
        ]
    )
    _, heard = listen(lambda: model(keras.ops.ones((2, 4))))
    assert [note.name for note in heard] == ["dense", "normalized", "relu", model.name]
    assert heard[0].takes[0].shape == (2, 4)
    assert heard[1].takes[0] is heard[0].gives
    assert heard[2].pre_activation is heard[1].gives


def test_an_activation_that_is_a_layer_is_part_of_its_layer():
    dense = layers.Dense(3, activation=layers.PReLU(name="inside"), name="dense")
    dense.build((None, 2))
    _, heard = listen(lambda: dense(keras.ops.ones((2, 2))))
    assert [note.name for note in heard] == ["dense"]
    assert heard[0].activated is heard[0].gives


def test_leaves_nothing_behind_even_when_the_model_fails():
    class Failing(layers.Layer):
        activation = staticmethod(keras.activations.relu)

        def call(self, x):
            raise RuntimeError("no")

    call = keras.layers.Layer.__call__
    with pytest.raises(RuntimeError, match="no"):
        listen(lambda: Failing()(keras.ops.ones((1, 1))))
    assert keras.layers.Layer.__call__ is call


def test_two_layers_of_one_name_beside_each_other_are_not_one_called_twice():
    class Pair(keras.Model):
        def __init__(self):
            super().__init__(name="pair")
            self.one, self.two = (layers.Dense(2, "relu", name="h") for _ in range(2))

        def call(self, x):
            return self.two(self.two(self.one(x)))

    model = Pair()
    model(keras.ops.ones((1, 2)))
    _, heard = listen(lambda: model(keras.ops.ones((1, 2))))
    names = [note.name for note in heard if note.layer is not model]
    assert names == ["pair.h_layer_1", "pair.h_layer_2", "pair.h_layer_2_call_2"]
