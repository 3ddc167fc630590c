import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.small_models import found, network, points

X, Y = points()
LAYERS = keras.layers


@pytest.mark.parametrize(
    "between",
    [
        [],
        [LAYERS.Dropout(0.2)],
        [LAYERS.BatchNormalization()],
        [LAYERS.Activation("linear"), LAYERS.Flatten()],
    ],
)
def test_layers_that_could_be_one(between):
    model = network(LAYERS.Dense(16, name="one"), *between, LAYERS.Dense(1, "sigmoid"))
    (finding,) = found("missing_nonlinearity", model, X, Y)
    assert (finding.where, finding.severity) == ("one", "error")


def test_one_of_several_is_a_warning():
    model = network(LAYERS.Dense(16, "relu"), LAYERS.Dense(16), LAYERS.Dense(1, "sigmoid"))
    (finding,) = found("missing_nonlinearity", model, X, Y)
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "layers",
    [
        [LAYERS.Dense(16, "relu"), LAYERS.Dense(1, "sigmoid")],
        [LAYERS.Dense(16), LAYERS.LeakyReLU(), LAYERS.Dense(1, "sigmoid")],
        [LAYERS.Dense(16), LAYERS.Activation("tanh"), LAYERS.Dense(1)],
        [LAYERS.Dense(1, "sigmoid")],
        [LAYERS.Dense(2, name="code"), LAYERS.Dense(8, "relu"), LAYERS.Dense(1, "sigmoid")],
        [LAYERS.Reshape((6, 1)), LAYERS.Conv1D(4, 3), LAYERS.MaxPooling1D(), LAYERS.Flatten(),
         LAYERS.Dense(1, "sigmoid")],
    ],
)  # fmt: skip
def test_activations_pools_and_bottlenecks_are_fine(layers):
    assert not found("missing_nonlinearity", network(*layers), X, Y)


def attention(score, length=7):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((length, 3))
    weights = score(LAYERS.Dense(8, "tanh")(inputs))
    summed = keras.ops.sum(inputs * weights, axis=1)
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid")(summed))
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize(
    ("score", "named"),
    [
        (lambda x: LAYERS.Dense(1, "softmax")(x), True),
        (lambda x: LAYERS.Activation("softmax")(LAYERS.Dense(1)(x)), True),
        (lambda x: LAYERS.Softmax()(LAYERS.Dense(1)(x)), True),
        (lambda x: keras.ops.softmax(LAYERS.Dense(1)(x)), True),
        (lambda x: LAYERS.Softmax(axis=1)(LAYERS.Dense(1)(x)), False),
        (lambda x: keras.ops.softmax(LAYERS.Dense(1)(x), axis=1), False),
        (lambda x: LAYERS.Dense(3, "softmax")(x), False),
        (lambda x: LAYERS.Dense(1, "sigmoid")(x), False),
    ],
)
def test_attention_whose_weights_are_always_1(score, named):
    x = np.random.default_rng(0).normal(size=(64, 7, 3)).astype("float32")
    told = nl.diagnose(attention(score), x, (x[:, 0, 0] > 0).astype("int64"))
    names = [finding.fault for finding in told.errors]
    assert names == (["softmax_of_one"] if named else [])


def test_attention_over_one_step_is_none():
    x = np.random.default_rng(0).normal(size=(64, 1, 3)).astype("float32")
    inputs = keras.Input((1, 3))
    attended = LAYERS.MultiHeadAttention(2, 4)(inputs, inputs)
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid")(LAYERS.Flatten()(attended)))
    assert not found("softmax_of_one", model, x)


def with_softmax(*between, units=8, frozen=False):
    first = LAYERS.Dense(units, None if between else "softmax", name="hidden", trainable=not frozen)
    return network(first, *between, LAYERS.Dense(1, "sigmoid", name="last"))


@pytest.mark.parametrize(
    ("between", "where"),
    [
        ([], "hidden"),
        ([LAYERS.Softmax(name="soft")], "soft"),
        ([LAYERS.Activation("softmax", name="soft"), LAYERS.Dropout(0.2)], "soft"),
        ([LAYERS.Softmax(name="soft"), LAYERS.BatchNormalization()], "soft"),
    ],
)
def test_a_softmax_between_layers(between, where):
    (finding,) = found("hidden_softmax", with_softmax(*between), X, Y)
    assert (finding.where, finding.severity) == (where, "warning")
    assert "its 8 values add up to 1, 0.12 each" in finding.message


def test_a_softmax_that_weights_is_meant():
    inputs = keras.Input((6,))
    gates = LAYERS.Dense(6, "softmax")(inputs)
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid")(gates * inputs))
    model.compile("adam", "binary_crossentropy")
    assert not found("hidden_softmax", model, X, Y)


def test_a_softmax_that_is_predicted_too_is_meant():
    inputs = keras.Input((6,))
    classes = LAYERS.Dense(3, "softmax")(inputs)
    model = keras.Model(inputs, [classes, LAYERS.Dense(1, "sigmoid")(classes)])
    assert not found("hidden_softmax", model, X)


def test_a_frozen_classifier_s_softmax_is_meant():
    assert not found("hidden_softmax", with_softmax(frozen=True), X, Y)


def test_a_hidden_softmax_is_repaired():
    x, y = points(400)
    model = with_softmax(units=32)
    model.fit(x, y, epochs=3, verbose=0)
    repaired = nl.repair(model, x, y)
    assert "hidden_softmax" not in [left.fault for left in repaired.diagnosis.findings]


@pytest.mark.parametrize("depthwise", [True, False])
def test_a_projection_behind_a_depthwise_convolution_is_meant(depthwise):
    """Of 8 channels to 8: MobileNetV3 begins so."""
    layers = keras.layers
    kind = layers.DepthwiseConv2D(3) if depthwise else layers.Conv2D(8, 3)
    model = network(
        layers.Reshape((6, 6, 1)),
        layers.Conv2D(8, 3, activation="relu"),
        kind,
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(8, 1),
        layers.BatchNormalization(),
        layers.Conv2D(24, 1, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(1, "sigmoid"),
        features=36,
    )
    x, y = points(100, 36)
    assert bool(found("missing_nonlinearity", model, x, y)) is not depthwise
