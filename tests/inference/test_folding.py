"""Folded models compute what they computed, and keep what cannot be folded, with the reason.

Covers too: affine.py, linear.py
"""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import assert_same, numpy_of, randomized, rng

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


def inputs_of(model, rows=16):
    return (rng().normal(size=(rows, *model.input_shape[1:])) * 2 + 1).astype("float32")


def folded_of(model, kept=(), seed=0):
    """Fold a model with random weights, and check that it computes the same."""
    randomized(model, seed)
    folded = nl.fold(model)
    assert list(folded.kept) == list(kept)
    assert_same(folded.model, model, inputs_of(model))
    return folded


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


def fitted(layer, shape):
    layer.adapt((rng().normal(size=(50, *shape)) * 3 + 2).astype("float32"))
    return layer


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


def test_the_activation_within_stays():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6),
            nl.BatchNormalization(activation="relu", name="pre"),
            layers.Dense(6),
            nl.BatchNormalization(activation=layers.PReLU(), placement="pre", name="layer"),
            layers.Dense(6),
            nl.BatchNormalization(activation="tanh", placement="post", name="post"),
            layers.Dense(3, name="last"),
        ]
    )
    folded = folded_of(model)
    assert folded.folded["post"] == "last"
    kinds = {layer.name: type(layer) for layer in folded.model.layers}
    assert kinds["pre"] is kinds["post"] is layers.Activation
    assert kinds["layer"] is layers.PReLU
    assert len(kinds) == 7


def test_chains():
    model = keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            layers.Rescaling(0.5, 0.25),
            fitted(nl.Standardize(), (5, 5, 2)),
            layers.BatchNormalization(),
            layers.Conv2D(3, 2),
            layers.Dropout(0.5),
            nl.BatchNormalization(),
            nl.BatchNormalization(activation="relu"),
            nl.BatchNormalization(),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.GaussianNoise(0.5),
            layers.Dense(4),
            layers.BatchNormalization(),
        ]
    )
    folded = folded_of(model)
    assert len(folded.folded) == 8
    assert not any("norm" in type(layer).__name__.lower() for layer in folded.model.layers[1:])


def test_sequential_functional_and_nested_models():
    backbone_inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, name="inner")(backbone_inputs)
    x = layers.Activation("relu")(layers.BatchNormalization(name="inner_bn")(x))
    backbone = keras.Model(backbone_inputs, nl.BatchNormalization(name="end")(x), name="backbone")
    only = keras.Sequential([keras.Input((4, 4, 4)), nl.BatchNormalization(name="x")], name="only")
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            nl.Standardize(mean=[1.0, 2.0, 3.0], variance=4.0, name="scaling"),
            backbone,
            only,
            layers.Flatten(),
            layers.Dense(3, name="head"),
        ]
    )
    folded = folded_of(model)
    assert folded.folded == {
        "scaling": "inner", "inner_bn": "inner", "end": "head", "x": "head",
    }  # fmt: skip
    assert type(folded.model) is keras.Sequential
    assert [layer.name for layer in folded.model.layers][:2] == ["backbone", "only"]
    assert [type(layer) for layer in folded.model.get_layer("only").layers] == [layers.Identity]


def test_a_model_that_is_called_twice_is_folded_within():
    inner = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="a"), nl.BatchNormalization(name="bn"),
         layers.ReLU(), nl.BatchNormalization(name="last")],
        name="twice",
    )  # fmt: skip
    inputs = keras.Input((4,))
    x = nl.Standardize(mean=1.0, variance=2.0, name="scaling")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(inner(inner(x))))
    folded = folded_of(model, kept=["scaling", "last"])
    assert folded.folded == {"bn": "a"}


def test_names_that_two_layers_share_are_told_apart():
    def block(name):
        parts = [keras.Input((4,)), layers.Dense(4, name="d"), nl.BatchNormalization(name="bn")]
        return keras.Sequential(parts, name=name)

    folded = folded_of(keras.Sequential([keras.Input((4,)), block("one"), block("two")]))
    assert folded.folded == {"one/bn": "one/d", "two/bn": "two/d"}


def test_structured_inputs_and_outputs():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = layers.Dense(3)(layers.Add()([layers.BatchNormalization()(layers.Dense(4)(a)), b * 2]))
    model = keras.Model({"a": a, "b": b}, {"x": nl.BatchNormalization()(x), "b": b})
    model.compile("adam", loss=lambda y, z: 0.0)
    randomized(model)
    folded = nl.fold(model)
    assert len(folded.folded) == 2
    assert not folded.model.compiled
    data = {name: rng().normal(size=(8, 4)).astype("float32") for name in "ab"}
    assert_same(folded.model, model, data)


def test_renorm_synchronized_and_frozen_layers():
    kwargs = {"synchronized": True} if keras.backend.backend() != "torch" else {}
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4),
            nl.BatchNormalization(renorm=True, debias=True),
            layers.Dense(4),
            nl.BatchNormalization(trainable=False, scale=False, **kwargs),
            layers.Dense(4),
            layers.BatchNormalization(renorm=True, center=False),
        ]
    )
    assert len(folded_of(model).folded) == 3


def test_the_original_is_untouched():
    model = randomized(
        keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dropout(0.5),
                          nl.BatchNormalization(activation="relu"), layers.Dense(2)])
    )  # fmt: skip
    before = [numpy_of(weight) for weight in model.weights]
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    config = model.get_config()
    folded = nl.fold(model).model
    for weight in folded.weights:
        weight.assign(weight * 0)
    assert all(map(np.array_equal, before, [numpy_of(weight) for weight in model.weights]))
    assert nodes == [len(layer._inbound_nodes) for layer in model.layers]
    assert config == model.get_config()
    initializer = folded.layers[0].kernel_initializer
    assert isinstance(initializer, keras.initializers.GlorotUniform)


@pytest.mark.parametrize(
    "name", ["MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0"]
)  # the others: benchmarks/inference.py --applications
def test_applications(name):
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(32, 32, 3), classes=10, classifier_activation=None
    )
    randomized(model, only_normalization=True)
    folded = nl.fold(model)
    assert_same(folded.model, model, rng().uniform(-1, 1, (2, 32, 32, 3)).astype("float32"), 1e-5)
    left = [x for x in folded.model.layers if isinstance(x, layers.BatchNormalization)]
    if name == "DenseNet121":  # whose normalization comes before the convolutions
        assert {layer.name for layer in left} == set(folded.kept)
        assert all("(Activation)" in reason for reason in folded.kept.values())
        assert len(folded.folded) == 59
    else:
        assert not left


def test_what_is_no_built_keras_model():
    with pytest.raises(TypeError, match=r"fold\(\): model must be a Keras model. Received: Dense"):
        nl.fold(layers.Dense(2))
    with pytest.raises(ValueError, match=r"fold\(\): model 'm' is not built"):
        nl.fold(keras.Sequential([layers.Dense(2), nl.BatchNormalization()], name="m"))
