"""Normalization and scaling folded into every kind of linear layer, before and behind it.

Covers too: affine.py
"""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import (
    assert_same,
    fitted,
    folded_of,
    inputs_of,
    numpy_of,
    randomized,
    rng,
)

layers = keras.layers
BOTH = pytest.mark.parametrize("kind", [nl.BatchNormalization, layers.BatchNormalization])
# Each kind of linear layer, with the shape of its inputs.
LINEAR = {
    "dense": (lambda **kw: layers.Dense(5, **kw), (4,)),
    "dense_on_sequences": (lambda **kw: layers.Dense(5, **kw), (7, 4)),
    "conv1d": (lambda **kw: layers.Conv1D(5, 3, dilation_rate=2, **kw), (9, 4)),
    "conv1d_causal": (lambda **kw: layers.Conv1D(5, 1, padding="causal", **kw), (9, 4)),
    "conv2d": (lambda **kw: layers.Conv2D(5, (3, 2), strides=2, **kw), (9, 8, 4)),
    "conv2d_groups": (lambda **kw: layers.Conv2D(6, 3, groups=2, **kw), (6, 6, 4)),
    "conv3d": (lambda **kw: layers.Conv3D(5, 2, **kw), (4, 5, 4, 4)),
    "depthwise1d": (lambda **kw: layers.DepthwiseConv1D(3, depth_multiplier=2, **kw), (9, 4)),
    "depthwise2d": (lambda **kw: layers.DepthwiseConv2D(3, depth_multiplier=2, **kw), (9, 8, 4)),
    "separable1d": (lambda **kw: layers.SeparableConv1D(5, 3, **kw), (9, 4)),
    "separable2d": (
        lambda **kw: layers.SeparableConv2D(5, 3, depth_multiplier=2, **kw),
        (9, 8, 4),
    ),
    "transposed1d": (lambda **kw: layers.Conv1DTranspose(5, 3, strides=2, **kw), (5, 4)),
    "transposed2d": (lambda **kw: layers.Conv2DTranspose(5, 3, **kw), (5, 6, 4)),
    "transposed3d": (lambda **kw: layers.Conv3DTranspose(5, 2, **kw), (3, 4, 3, 4)),
}


@BOTH
@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("use_bias", [True, False])
def test_into_the_layer_before(name, kind, use_bias):
    make, shape = LINEAR[name]
    padding = {"padding": "same"} if "conv2d" in name else {}
    linear = make(use_bias=use_bias, **padding)
    model = keras.Sequential([keras.Input(shape), linear, kind(name="bn"), layers.ReLU()])
    folded = folded_of(model)
    assert folded.folded == {"bn": linear.name}
    assert [type(layer) for layer in folded.model.layers] == [type(linear), layers.ReLU]
    assert folded.model.layers[0].use_bias


@BOTH
@pytest.mark.parametrize("name", LINEAR)
def test_into_the_layer_behind(name, kind):
    make, shape = LINEAR[name]
    model = keras.Sequential([keras.Input(shape), layers.ReLU(), kind(name="bn"), make()])
    if "transposed" in name:
        folded = folded_of(model, kept=["bn"])
        assert "edges" in folded.kept["bn"]
        unshifted = kind(center=False, name="bn")
        model = keras.Sequential([keras.Input(shape), layers.ReLU(), unshifted, make()])
        randomized(model)
        unshifted.moving_mean.assign(np.zeros(unshifted.moving_mean.shape))
        folded = nl.fold(model)
        assert_same(folded.model, model, inputs_of(model))
    else:
        folded = folded_of(model)
    assert list(folded.folded) == ["bn"]
    assert len(folded.model.layers) == 2


@pytest.mark.parametrize("name", ["conv2d", "conv2d_groups", "depthwise2d", "separable2d"])
def test_channels_first(name):
    make, shape = LINEAR[name]
    model = keras.Sequential(
        [
            keras.Input((shape[-1], *shape[:-1])),
            layers.ReLU(),
            nl.BatchNormalization(axis=1),
            make(data_format="channels_first"),
            nl.BatchNormalization(axis=1),
        ]
    )
    assert len(folded_of(model).folded) == 2
    wrong = keras.Sequential(
        [
            keras.Input((4, 4, 6)),
            layers.Conv2D(4, 1, data_format="channels_first"),
            nl.BatchNormalization(axis=-1, name="bn"),
        ]
    )
    assert "not those of the channels" in folded_of(wrong, kept=["bn"]).kept["bn"]


SCALING = {
    "standardize": lambda shape: fitted(nl.Standardize(), shape),
    "standardize_all": lambda shape: fitted(nl.Standardize(axis=None), shape),
    "standardize_given": lambda shape: nl.Standardize(mean=1.5, variance=4.0),
    "uncentred": lambda shape: fitted(nl.Standardize(center=False), shape),
    "unscaled": lambda shape: fitted(nl.Standardize(scale=False), shape),
    "inverted": lambda shape: fitted(nl.Standardize(), shape).inverse(),
    "min_max": lambda shape: fitted(nl.MinMaxScale(feature_range=(-2.0, 3.0)), shape),
    "min_max_inverted": lambda shape: fitted(nl.MinMaxScale((-1,), (1, 2)), shape).inverse(),
    "normalization": lambda shape: fitted(layers.Normalization(), shape),
    "normalization_given": lambda shape: layers.Normalization(mean=1.0, variance=4.0),
    "normalization_inverted": lambda shape: layers.Normalization(
        axis=None, mean=1.0, variance=4.0, invert=True
    ),
    "rescaling": lambda shape: layers.Rescaling(1 / 127.5, offset=-1.0),
}


@pytest.mark.parametrize("scaling", SCALING)
@pytest.mark.parametrize("name", ["dense", "dense_on_sequences", "conv1d", "conv2d"])
def test_input_layers(scaling, name):
    make, shape = LINEAR[name]
    layer = SCALING[scaling](shape)
    model = keras.Sequential([keras.Input(shape), layer, make()])
    kernel = model.layers[1].kernel
    kernel.assign(rng().normal(size=kernel.shape) * 0.3)
    folded = nl.fold(model)
    assert folded.folded == {layer.name: model.layers[1].name}
    assert folded.kept == {}
    assert_same(folded.model, model, inputs_of(model), tolerance=1e-5)


def test_rounded_once():
    """The new weights are the float64 ones, rounded."""
    layer = nl.BatchNormalization()
    model = randomized(keras.Sequential([keras.Input((4,)), layers.Dense(5), layer]))
    dense = nl.fold(model).model.layers[0]
    gamma, beta, mean, variance, kernel, bias = (
        numpy_of(weight).astype(np.float64)
        for weight in (
            *(layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance),
            *(model.layers[0].kernel, model.layers[0].bias),
        )
    )
    scale = gamma / np.sqrt(variance + layer.epsilon)
    expected = ((kernel * scale).astype("float32"), (bias - mean) * scale + beta)
    np.testing.assert_array_equal(numpy_of(dense.kernel), expected[0])
    np.testing.assert_allclose(numpy_of(dense.bias), expected[1], rtol=2.0**-23)
