"""Folded models compute what they computed, and keep what cannot be folded, with the reason."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import assert_same, fitted, folded_of, numpy_of, randomized, rng

layers = keras.layers


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


@pytest.fixture
def kernels_of_numpy(monkeypatch):
    """Kernels that NumPy draws: JAX would compile a program for each shape of them."""

    def draw(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(
            rng().normal(size=shape) / np.sqrt(np.prod(shape[:-1])), dtype
        )

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", draw)


@pytest.mark.usefixtures("kernels_of_numpy")
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
