"""Inputs without, or with, the last axis of length 1 that a model declares."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence.ranks import in_declared_ranks
from tests.diagnosis.repair.made import numbers

RNG = np.random.default_rng(0)
layers = keras.layers


def of(*shapes):
    inputs = [keras.Input(shape, name=f"in_{i}") for i, shape in enumerate(shapes)]
    flat = [
        layers.Flatten()(layers.Reshape((*shape, 1))(x))
        for x, shape in zip(inputs, shapes, strict=True)
    ]
    hidden = flat[0] if len(flat) == 1 else layers.Concatenate()(flat)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], layers.Dense(1)(hidden))


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ((1,), (6,), (6, 1)),
        ((4, 4, 1), (6, 4, 4), (6, 4, 4, 1)),
        ((), (6, 1), (6,)),
        ((3,), (6, 3), (6, 3)),
        ((3,), (6,), (6,)),  # which Keras refuses
    ],
)
def test_as_keras_adjusts_them(declared, given, expected):
    x = RNG.normal(size=given).astype("float32")
    model = of(declared)
    found = in_declared_ranks(model, x)
    assert found.shape == expected
    np.testing.assert_array_equal(found.ravel(), x.ravel())
    if len(expected) == len(declared) + 1:
        np.testing.assert_allclose(numbers(model(found)), numbers(model(x)), rtol=1e-6)


def test_several_inputs_by_place_and_by_name():
    model, x = of((1,), (2,)), [RNG.normal(size=6), RNG.normal(size=(6, 2))]
    assert [part.shape for part in in_declared_ranks(model, x)] == [(6, 1), (6, 2)]
    named = in_declared_ranks(model, {"in_1": x[1], "in_0": x[0], "other": x[0]})
    assert {name: part.shape for name, part in named.items()} == {
        "in_1": (6, 2), "in_0": (6, 1), "other": (6,)
    }  # fmt: skip


class Own(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.first, self.last = layers.Reshape((1,)), layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(self.first(x))


def sequential(shape, *front):
    return keras.Sequential([keras.Input(shape), *front, layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: sequential((1,)), ()),
        (lambda: sequential((4, 4, 1), layers.Conv2D(2, 2), layers.Flatten()), (4, 4)),
        (Own, ()),
    ],
    ids=["one feature", "grey images", "subclassed"],
)
def test_a_repair_scales_what_keras_adjusts(make, shape):
    keras.utils.set_random_seed(0)
    x = (RNG.normal(size=(200, *shape)) * 1e3 + 1e4).astype("float32")
    y = (x.reshape(200, -1).mean(1) > 1e4).astype(int)
    model = make()
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    done = nl.repair(model, x, y, epochs=10, trials=2)
    assert done.changes[0].fault == "inputs_not_scaled"
    (scaling,) = (layer for layer in done.model.layers if isinstance(layer, nl.Standardize))
    assert np.size(scaling.mean) == 1
    assert scaling.mean.ravel()[0] == pytest.approx(1e4, rel=0.05)
    assert done.model.predict(x[:3], verbose=0).shape == (3, 1)
