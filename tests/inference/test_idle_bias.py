"""Models with their idle biases dropped compute and learn what they did."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output

layers = keras.layers
RNG = np.random.default_rng(2)


def with_random_weights(model):
    model.set_weights(
        [RNG.uniform(0.5, 1.5, size=w.shape).astype(w.dtype) for w in model.get_weights()]
    )
    return model


def functional():
    """Idle: a, c, f. Not: b (also taken by the sum), d (post), e (activation), g (an output)."""
    inputs = keras.Input((6, 6, 2))
    a = layers.Conv2D(3, 3, padding="same", name="a")(inputs)
    a = nl.BatchNormalization(activation="relu", name="after_a")(a)
    b = layers.SeparableConv2D(3, 3, padding="same", name="b")(a)
    b = layers.Add()([layers.BatchNormalization(name="after_b")(b), b])
    c = layers.DepthwiseConv2D(3, name="c", dilation_rate=1)(b)
    c = layers.BatchNormalization(renorm=True, name="after_c")(c)
    d = layers.Conv2DTranspose(2, 3, name="d")(c)
    d = nl.BatchNormalization(activation="tanh", placement="post", name="after_d")(d)
    e = layers.Dense(4, activation="tanh", name="e")(layers.Flatten()(d))
    e = nl.BatchNormalization(placement="post", name="after_e")(e)
    f = layers.Dense(4, name="f")(e)
    f = nl.BatchNormalization(placement="post", debias=True, name="after_f")(f)
    g = layers.Dense(2, name="g")(f)
    return keras.Model(inputs, [layers.BatchNormalization(name="after_g")(g), g])


def test_drops_what_is_idle_and_nothing_else():
    model = with_random_weights(functional())
    copy = nl.without_idle_bias(model)
    dropped = [name for name in "abcdefg" if not copy.get_layer(name).use_bias]
    assert dropped == ["a", "c", "f"]
    assert all(model.get_layer(name).use_bias for name in "abcdefg")
    assert copy.count_params() == model.count_params() - 3 - 3 - 4


@pytest.mark.parametrize("training", [False, True])
def test_keeps_the_function(training):
    model = with_random_weights(functional())
    copy = nl.without_idle_bias(model)
    x = RNG.normal(size=(16, 6, 6, 2)).astype("float32")
    for _ in range(2):  # the second pass sees what the first moved
        for mine, its in zip(copy(x, training=training), model(x, training=training), strict=True):
            mine, its = map(keras.ops.convert_to_numpy, (mine, its))
            np.testing.assert_allclose(mine, its, rtol=2e-3, atol=2e-3)


def test_learns_the_same():
    """The bias was idle: without it the other weights move as they did."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4),
            nl.BatchNormalization(activation="tanh"),
            layers.Dense(1),
        ]
    )
    with_random_weights(model)
    copy = nl.without_idle_bias(model)
    assert isinstance(copy, keras.Sequential)
    x = RNG.normal(size=(64, 3)).astype("float32")
    curves = []
    for each in (model, copy):
        each.compile(keras.optimizers.SGD(0.1), "mse")
        curves.append(each.fit(x, x[:, :1], epochs=5, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-4)
    np.testing.assert_allclose(output(copy, x), output(model, x), atol=1e-4)


def test_the_bias_of_a_layer_that_is_called_twice_stays():
    inputs = keras.Input((3,))
    shared = layers.Dense(3, name="shared")
    normalized = nl.BatchNormalization()(shared(inputs))
    model = keras.Model(inputs, shared(normalized))
    assert nl.without_idle_bias(model).get_layer("shared").use_bias


def test_the_bias_stays_where_other_channels_are_normalized():
    model = keras.Sequential(
        [keras.Input((5, 4)), layers.Conv1D(3, 1, name="conv"), nl.BatchNormalization(axis=1)]
    )
    assert nl.without_idle_bias(model).get_layer("conv").use_bias


def test_names_a_model_it_cannot_read():
    class Own(keras.Model):
        def call(self, x):
            return x

    for model in (Own(name="own"), keras.Sequential([layers.Dense(1)], name="unbuilt")):
        with pytest.raises(ValueError, match=f"reads built Sequential .*'{model.name}'"):
            nl.without_idle_bias(model)
    with pytest.raises(TypeError, match="must be a Keras model"):
        nl.without_idle_bias(3)


def test_operations_and_masks_are_taken_for_what_they_are():
    inputs = keras.Input((3,))
    kept = layers.Dense(3, name="kept")(inputs)
    both = keras.ops.relu(nl.BatchNormalization()(kept)) + kept * 2
    idle = nl.BatchNormalization()(layers.Dense(3, name="idle")(both))
    model = with_random_weights(keras.Model(inputs, keras.ops.tanh(idle)))
    copy = nl.without_idle_bias(model)
    assert (copy.get_layer("kept").use_bias, copy.get_layer("idle").use_bias) == (True, False)
    x = RNG.normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(output(copy, x), output(model, x), atol=1e-4)

    masked = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.Dense(3, name="idle"),
            nl.BatchNormalization(),
        ]
    )
    copy = nl.without_idle_bias(with_random_weights(masked))
    assert not copy.get_layer("idle").use_bias
    words = RNG.integers(0, 9, size=(6, 5))
    np.testing.assert_allclose(output(copy, words), output(masked, words), atol=1e-4)


def test_a_lambda_beside_it_is_no_hindrance():
    layer = layers.Dense(4, name="hidden")
    inputs = keras.Input((3,))
    hidden = layers.Lambda(lambda x: 2 * x)(layers.BatchNormalization()(layer(inputs)))
    model = with_random_weights(keras.Model(inputs, layers.Dense(1)(hidden)))
    copy = nl.without_idle_bias(model)
    assert not copy.get_layer("hidden").use_bias
    x = RNG.normal(size=(50, 3)).astype("float32")
    np.testing.assert_allclose(output(copy, x), output(model, x), rtol=1e-5, atol=1e-5)


def test_a_frozen_normalization_makes_no_bias_idle():
    normalization = nl.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="dense"), normalization])
    normalization.trainable = False
    assert nl.without_idle_bias(model).get_layer("dense").use_bias


@pytest.mark.parametrize("nested", [False, True])
def test_what_a_layer_has_learned_beside_weights_is_kept(nested):
    x = RNG.normal(100, 5, size=(50, 3)).astype("float32")
    scaled = layers.Normalization()
    scaled.adapt(x)
    first = keras.Sequential([keras.Input((3,)), scaled]) if nested else scaled
    model = keras.Sequential(
        [keras.Input((3,)), first, layers.Dense(4), layers.BatchNormalization()]
    )
    copy = nl.without_idle_bias(model)
    np.testing.assert_allclose(output(copy, x), output(model, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_the_copy_is_not_compiled_and_the_model_stays_so(kind):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.BatchNormalization()])
    if kind == "functional":
        model = keras.Model(model.inputs, model.outputs)
    model.compile("sgd", "mse")
    copy = nl.without_idle_bias(model)
    assert (copy.compiled, model.compiled) == (False, True)
    assert type(copy) is type(model)


def test_a_penalty_of_outputs_sees_the_bias():
    penalized = layers.Dense(4, activity_regularizer="l2", name="penalized")
    model = keras.Sequential([keras.Input((3,)), penalized, layers.BatchNormalization()])
    assert nl.without_idle_bias(model).get_layer("penalized").use_bias
