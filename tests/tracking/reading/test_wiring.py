"""Which layers of a model of any kind the probe hears, by which names and in which order."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from normlayers.tracking.reading.probe import Probe

layers = keras.layers
RNG = np.random.default_rng(0)


def test_layers_by_name_in_the_order_of_the_model(circle_model, points):
    probe = Probe(circle_model, ["output", "hidden"])
    probe.read(points[0])
    assert probe.wiring.names == ["hidden", "output"]
    with pytest.raises(ValueError, match=r"no layer 'hiden' with .*Its layers: hidden, output"):
        Probe(circle_model, ["hiden"]).read(points[0])
    flat = keras.Sequential([keras.Input((2,)), layers.Flatten(name="flat"), layers.Dense(1)])
    with pytest.raises(ValueError, match="no layer 'flat' with weights or an activation"):
        Probe(flat, ["flat"]).read(points[0])


class Own(keras.Model):
    """A model without a graph, with a model in it and a layer called twice."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(4, "tanh", name="first")
        self.inner = keras.Sequential([layers.Dense(3, "relu", name="deep")], name="inner")
        self.last = layers.Dense(1, name="last")

    def call(self, x):
        return self.last(self.inner(self.first(x)) + self.inner(self.first(2 * x)))


def test_subclassed_nested_and_shared_models_are_heard(points):
    model, x = Own(), points[0]
    probe = Probe(model)
    reading = probe.read(x)  # builds it
    assert probe.wiring.names == ["first", "deep", "first_call_2", "deep_call_2", "last"]
    deep = [
        np.maximum(convert_to_numpy(model.inner(model.first(factor * x))), 0) for factor in (1, 2)
    ]
    np.testing.assert_allclose(reading.activations["deep_call_2"], deep[1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reading.logit, convert_to_numpy(model(x)), rtol=1e-4, atol=1e-5)


def test_several_inputs_and_outputs():
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dense(4, "relu", name="left")(a), b])
    outputs = [layers.Dense(2, "softmax", name="one")(joined), layers.Dense(1, name="two")(joined)]
    model = keras.Model({"a": a, "b": b}, outputs)
    x = {"a": RNG.normal(size=(9, 2)), "b": RNG.normal(size=(9, 3))}
    x = {name: part.astype("float32") for name, part in x.items()}
    reading = Probe(model).read(x)
    expected = np.concatenate([convert_to_numpy(output) for output in model(x)], axis=1)
    np.testing.assert_allclose(reading.output, expected, rtol=1e-5)
    assert reading.logit.shape == (9, 3)
    assert set(reading.activations) == {"left", "one", "two"}


def test_layers_of_one_name_are_told_apart_by_their_paths():
    blocks = [
        keras.Sequential([keras.Input((2,)), layers.Dense(2, "relu", name="h")], name=name)
        for name in ("front", "back")
    ]
    probe = Probe(keras.Sequential([keras.Input((2,)), *blocks]))
    probe.read(np.ones((3, 2), "float32"))
    assert probe.wiring.names == ["front.h", "back.h"]


@pytest.mark.parametrize("names", ["zam", ["dense_9", "dense_10", "dense_11"]])
def test_layers_stay_in_the_order_of_the_model_whatever_their_names(names):
    model = keras.Sequential([keras.Input((2,)), *(layers.Dense(2, name=name) for name in names)])
    reading = Probe(model).read(np.ones((3, 2), "float32"))
    for found in (reading.summaries, reading.activations, reading.active):
        assert list(found) == list(names)


def fed_by(model, x, names=None):
    probe = Probe(model, names)
    probe.read(x)
    return probe.wiring.fed_by


def test_what_feeds_a_layer_is_known_through_layers_that_are_not_read():
    a, b = keras.Input((8, 8, 1)), keras.Input((3,))
    seen = layers.Conv2D(2, 3, activation="relu", name="conv")(a)
    seen = layers.Dropout(0.5)(layers.Flatten()(layers.MaxPooling2D()(seen)))
    other = layers.Dense(4, "relu", name="other")(layers.BatchNormalization()(b))
    h = layers.Dense(4, "relu", name="h")(layers.Concatenate()([seen, other]))
    block = layers.Add()([h, layers.Dense(4, "relu", name="block")(h)])
    heads = [layers.Dense(1, name="one")(block), layers.Dense(2, name="two")(block)]
    x = [RNG.normal(size=(5, 8, 8, 1)).astype("float32"), np.ones((5, 3), "float32")]
    assert fed_by(keras.Model([a, b], heads), x) == {
        "conv": [""],
        "other": [""],
        "h": ["conv", "other"],
        "block": ["h"],
        "one": ["h", "block"],
        "two": ["h", "block"],
    }
    # Of layers chosen by name, those between are not read: they are on the way.
    assert fed_by(keras.Model([a, b], heads), x, ["h", "two"]) == {"h": [""], "two": ["h"]}


def test_what_feeds_a_layer_is_not_known_behind_what_is_no_layer(points):
    assert fed_by(Own(), points[0]) == {
        "first": [""],
        "deep": ["first"],
        "deep_call_2": ["first_call_2"],
    }


class Twice(layers.Layer):
    """A layer with another in it, whose output is made of that one's."""

    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(2, "relu", name="inner")

    def call(self, x):
        return 2 * self.inner(x)


def test_what_goes_into_a_layer_with_others_in_it_does_not_feed_the_next(points):
    model = keras.Sequential([keras.Input((2,)), Twice(), layers.Dense(1, name="last")])
    assert fed_by(model, points[0]) == {"inner": [""]}


def test_long_ways_are_gone_once(points):
    x = tensor = keras.Input((2,))
    for _ in range(40):
        tensor = layers.Add()([tensor, layers.BatchNormalization()(tensor)])
    model = keras.Model(x, layers.Dense(1, name="last")(tensor))
    assert fed_by(model, points[0]) == {"last": [""]}
