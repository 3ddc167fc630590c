"""BatchNormalization against the formulas in NumPy and Keras's own layer."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(0)


def output(layer, x, **call):
    return keras.ops.convert_to_numpy(layer(x, **call))


def weights(layer):
    return {w.path.split("/")[-1]: keras.ops.convert_to_numpy(w) for w in layer.weights}


def test_one_batch_by_hand():
    layer = nl.BatchNormalization(epsilon=0.01, momentum=0.9)
    x = np.array([[1.0, 0.0], [3.0, 4.0]], "float32")
    y = output(layer, x, training=True)
    np.testing.assert_allclose(y[:, 0], np.array([-1, 1]) / np.sqrt(1.01), rtol=1e-6)
    np.testing.assert_allclose(y[:, 1], np.array([-2, 2]) / np.sqrt(4.01), rtol=1e-6)
    np.testing.assert_allclose(weights(layer)["moving_mean"], [0.2, 0.2], rtol=1e-6)
    np.testing.assert_allclose(weights(layer)["moving_variance"], [0.9 + 0.1, 0.9 + 0.4], rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "axis"), [((32, 3), -1), ((8, 5, 3), -1), ((8, 5, 3), 1), ((4, 3, 5, 6), -3)]
)
@pytest.mark.parametrize(
    "options",
    [{}, {"center": False}, {"scale": False}, {"momentum": 0.5, "epsilon": 1e-5}],
    ids=str,
)
def test_agrees_with_keras_in_training_and_inference(shape, axis, options):
    ours, keras_own = (
        kind(axis=axis, **options)
        for kind in (nl.BatchNormalization, keras.layers.BatchNormalization)
    )
    for step in range(3):
        x = RNG.normal(loc=step, scale=2, size=shape).astype("float32")
        np.testing.assert_allclose(
            output(ours, x, training=True), output(keras_own, x, training=True), atol=2e-5
        )
    assert [w.name for w in ours.weights] == [w.name for w in keras_own.weights]
    for mine, theirs in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(output(ours, x), output(keras_own, x), atol=2e-5)


def test_masked_values_are_left_out_of_the_statistics():
    x = RNG.normal(size=(6, 4, 2)).astype("float32")
    mask = RNG.random((6, 4)) > 0.3
    layer = nl.BatchNormalization(momentum=0.0)
    x[~mask] = np.nan  # what is masked out may be anything
    output(layer, x, training=True, mask=mask)
    np.testing.assert_allclose(weights(layer)["moving_mean"], x[mask].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(weights(layer)["moving_variance"], x[mask].var(axis=0), rtol=1e-5)


def test_a_model_trains_like_one_with_keras_own_layer():
    x = RNG.normal(size=(64, 4)).astype("float32")
    y = (x.sum(axis=1, keepdims=True) > 0).astype("float32")
    losses = []
    for kind in (nl.BatchNormalization, keras.layers.BatchNormalization):
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(8), kind(), keras.layers.Dense(1, "sigmoid")]
        )
        model.compile("sgd", "binary_crossentropy")
        losses.append(model.fit(x, y, epochs=5, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_placement_says_on_which_side_of_the_activation_it_stands():
    z = RNG.normal(loc=1, size=(50, 3)).astype("float32")
    plain = nl.BatchNormalization()
    pre = nl.BatchNormalization(activation="relu", placement="pre")
    post = nl.BatchNormalization(activation="relu", placement="post")
    np.testing.assert_allclose(
        output(pre, z, training=True), np.maximum(output(plain, z, training=True), 0)
    )
    np.testing.assert_allclose(
        output(post, z, training=True), output(plain, np.maximum(z, 0), training=True)
    )
    assert output(pre, z, training=True).min() == 0
    np.testing.assert_allclose(output(post, z, training=True).mean(axis=0), 0, atol=1e-6)


def test_frozen_layer_is_in_inference_mode():
    layer = nl.BatchNormalization(epsilon=0.0)
    layer.trainable = False
    x = RNG.normal(loc=5, size=(10, 2)).astype("float32")
    np.testing.assert_allclose(output(layer, x, training=True), x, rtol=1e-6)
    assert weights(layer)["moving_mean"].tolist() == [0, 0]


def test_half_precision_inputs_do_not_overflow():
    layer = nl.BatchNormalization(dtype="float16")
    x = (RNG.normal(size=(64, 2)) * 1e4).astype("float16")
    y = output(layer, x, training=True)
    assert y.dtype == np.float16
    expected = (x.astype(float) - x.astype(float).mean(axis=0)) / x.astype(float).std(axis=0)
    np.testing.assert_allclose(y, expected, atol=2e-3)
    moved = 0.99 + 0.01 * x.astype(float).var(axis=0)
    np.testing.assert_allclose(weights(layer)["moving_variance"], moved, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"placement": "before"}, "placement must be .*'before'"),
        ({"momentum": 1.5}, "momentum must be in"),
        ({"epsilon": -1e-3}, "epsilon must not be negative"),
        ({"activation": "rleu"}, "rleu"),
    ],
)
def test_refuses_impossible_arguments(options, says):
    with pytest.raises(ValueError, match=says):
        nl.BatchNormalization(**options)


def test_refuses_inputs_it_cannot_normalize():
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        nl.BatchNormalization(axis=2).build((None, 3))
    with pytest.raises(ValueError, match="known length"):
        nl.BatchNormalization().build((None, None))
    layer = nl.BatchNormalization()
    layer(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="3"):
        layer(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match=r"mask of shape \(2, 3\)"):
        layer(np.ones((2, 3), "float32"), training=True, mask=np.ones((2, 3), bool))


def test_saved_model_predicts_the_same_where_it_is_loaded(tmp_path):
    """In a new process, with safe mode on and no custom objects."""
    layer = nl.BatchNormalization(
        activation="relu", placement="post", gamma_regularizer="l2", beta_constraint="non_neg"
    )
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), layer])
    x = RNG.normal(size=(20, 3)).astype("float32")
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import keras, numpy as np, normlayers\n"
        f"model = keras.models.load_model(r'{tmp_path / 'model.keras'}')\n"
        f"y = keras.ops.convert_to_numpy(model(np.load(r'{tmp_path / 'x.npy'}')))\n"
        f"np.save(r'{tmp_path / 'y.npy'}', y)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), output(model, x))


def test_config_makes_an_equal_layer():
    layer = nl.BatchNormalization(activation="tanh", placement="post", gamma_regularizer="l1")
    copy = nl.BatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
