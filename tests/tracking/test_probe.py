"""The probe against activations computed by hand."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking.compiled_call import compiled_call, portable_call
from normlayers.tracking.probe import Probe


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_reads_what_the_weights_say(circle_model, points):
    x, _ = points
    reading = Probe(circle_model).read(x)
    hidden = np.maximum(x @ [[1.0, -1.0], [0.0, 2.0]] + [0.5, 0.0], 0)
    logit = hidden @ [[1.0], [-2.0]] + 0.25
    np.testing.assert_allclose(reading.activations["hidden"], hidden, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(reading.active["hidden"], hidden > 0)
    np.testing.assert_allclose(reading.logit, logit, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(reading.output, sigmoid(logit), rtol=1e-5)
    np.testing.assert_array_equal(reading.active["output"], logit > 0)


def test_logit_is_right_where_the_sigmoid_is_saturated(circle_model):
    x = np.array([[1000.0, 0.0]], "float32")
    reading = Probe(circle_model).read(x)
    assert reading.output.tolist() == [[1.0]]
    assert reading.logit.tolist() == [[1000.75]]


def test_an_activation_layer_after_the_last_dense_is_seen_through(points):
    ends = [
        [keras.layers.Dense(1), keras.layers.Activation("sigmoid")],
        [keras.layers.Dense(1, activation=keras.layers.Activation("sigmoid"))],
        [keras.layers.Dense(1), nl.BatchNormalization(epsilon=0.0, activation="sigmoid")],
    ]
    for end in ends:
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, "relu"), *end])
        reading = Probe(model).read(points[0])
        np.testing.assert_allclose(sigmoid(reading.logit), reading.output, rtol=1e-5)


def test_layers_of_channels_first_have_channels_as_neurons():
    inputs = keras.Input((3, 4, 5))
    permuted = keras.layers.Activation("relu", name="first")(inputs)
    permuted_layer = keras.Model(inputs, permuted).get_layer("first")
    permuted_layer.data_format = "channels_first"
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    read = Probe(keras.Model(inputs, permuted)).read(x)
    assert read.activations["first"].shape == (2 * 4 * 5, 3)
    np.testing.assert_allclose(read.activations["first"][:, 1].sum(), np.maximum(x, 0)[:, 1].sum(),
                               rtol=1e-5)  # fmt: skip


def test_low_rank_adaptation_of_the_output_is_in_the_logit(circle_model, points):
    output = circle_model.get_layer("output")
    output.enable_lora(1)
    output.lora_kernel_b.assign(np.ones((1, 1)))
    reading = Probe(circle_model).read(points[0])
    np.testing.assert_allclose(sigmoid(reading.logit), reading.output, rtol=1e-5)


def test_layers_by_name_in_the_order_of_the_model(circle_model):
    assert Probe(circle_model, ["output", "hidden"]).layer_names == ["hidden", "output"]
    with pytest.raises(ValueError, match=r"no layer 'hiden'. Its layers: hidden, output"):
        Probe(circle_model, ["hiden"])


def test_a_channel_is_a_neuron_and_a_position_a_point():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(3, 3, activation="relu", name="convolution"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, name="output"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(5, 4, 4, 1)).astype("float32")
    probe = Probe(model)
    assert probe.layer_names == ["convolution", "output"]
    assert probe.read(x).activations["convolution"].shape == (5 * 2 * 2, 3)


def test_normalization_with_an_activation_is_read():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, use_bias=False),
            nl.BatchNormalization(activation="relu", name="normalized"),
            keras.layers.Dense(1, use_bias=False, name="output"),
        ]
    )
    reading = Probe(model, ["normalized"]).read(np.ones((4, 2), "float32"))
    assert reading.activations["normalized"].min() >= 0
    np.testing.assert_allclose(reading.logit, reading.output, rtol=1e-6)


def test_refuses_models_it_cannot_read():
    inputs = [keras.Input((1,)), keras.Input((1,))]
    two_inputs = keras.Model(inputs, keras.layers.Concatenate()(inputs))
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        Probe(two_inputs)
    with pytest.raises(ValueError, match="0 inputs"):
        Probe(keras.Sequential([keras.layers.Dense(1)]))


def test_compiled_call_equals_the_portable_one(circle_model, points):
    x, _ = points
    for ours, portable in zip(
        compiled_call(circle_model)(x), portable_call(circle_model)(x), strict=True
    ):
        np.testing.assert_allclose(ours, portable, rtol=1e-6)
