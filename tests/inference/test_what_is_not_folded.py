"""What stays as it is where a folded model would compute something else, or in another type."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import assert_same, numpy_of, randomized, rng

layers = keras.layers
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.mark.parametrize("width", [8, None])
def test_a_bias_that_keras_would_add_along_the_width(width):
    """Six channels first, on TensorFlow, and six columns or an unknown number of them."""
    model = keras.Sequential(
        [
            keras.Input((3, 8, width)),
            layers.Conv2D(6, 3, use_bias=False, data_format="channels_first"),
            nl.BatchNormalization(axis=1, name="bn"),
        ]
    )
    randomized(model)
    folded = nl.fold(model)
    assert list(folded.kept) == (["bn"] if ON_TENSORFLOW else [])
    assert_same(folded.model, model, rng().normal(size=(4, 3, 8, 8)).astype("float32"))


def test_statistics_of_pixels_behind_which_zeros_are_added():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            nl.Standardize(axis=(1, 2, 3), center=False, name="scaled"),
            layers.ZeroPadding2D(1),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    x = rng().normal(size=(50, 4, 4, 1)).astype("float32")
    model.layers[0].adapt(x)
    folded = nl.fold(model)
    assert "those of the channels alone" in folded.kept["scaled"]
    assert_same(folded.model, model, x)


@pytest.mark.parametrize(
    ("linear", "normalization"), [("float32", "float64"), ("float64", "float32")]
)
def test_a_normalization_of_another_type_than_its_neighbour(linear, normalization):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, dtype=linear, name="dense"),
            layers.BatchNormalization(dtype=normalization, name="bn"),
        ]
    )
    randomized(model)
    folded = nl.fold(model)
    assert f"'dense' computes in {linear}" in folded.kept["bn"]
    x = rng().normal(size=(8, 3))
    assert str(folded.model(x).dtype) == str(model(x).dtype)


@pytest.mark.parametrize("policy", ["float64", "mixed_float16"])
def test_an_activation_keeps_its_layers_type(policy):
    """That of the layer, whatever the global policy is when the model is folded."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, dtype="float32"),
            nl.BatchNormalization(activation="tanh", dtype="float32"),
            layers.Dense(2, dtype="float32"),
        ]
    )
    randomized(model)
    given = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        folded = nl.fold(model)
    finally:
        keras.config.set_dtype_policy(given)
    assert {layer.compute_dtype for layer in folded.model.layers} == {"float32"}
    x = rng().normal(size=(8, 3)).astype("float32")
    np.testing.assert_allclose(numpy_of(folded.model(x)), numpy_of(model(x)), rtol=1e-5, atol=1e-6)
