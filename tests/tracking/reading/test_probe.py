"""The probe against activations computed by hand.

Covers too: activation_names.py, by_neuron.py, compiled_reading.py, traced_state.py.
"""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from normlayers.tracking import measures
from normlayers.tracking.reading.probe import Probe

layers = keras.layers
RNG = np.random.default_rng(0)


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, float)))


def test_reads_what_the_weights_say(circle_model, points):
    x, _ = points
    probe = Probe(circle_model)
    reading = probe.read(x)
    hidden = np.maximum(x @ [[1.0, -1.0], [0.0, 2.0]] + [0.5, 0.0], 0)
    logit = hidden @ [[1.0], [-2.0]] + 0.25
    np.testing.assert_allclose(reading.activations["hidden"], hidden, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(reading.active["hidden"], hidden > 0)
    np.testing.assert_allclose(reading.logit, logit, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(reading.output, sigmoid(logit), rtol=1e-5)
    np.testing.assert_array_equal(reading.active["output"], logit > 0)
    np.testing.assert_allclose(probe.logit(x[:7]), logit[:7], rtol=1e-5, atol=1e-6)


def test_follows_the_weights(circle_model, points):
    probe = Probe(circle_model)
    probe.read(points[0])
    circle_model.set_weights([w * 0 + 1 for w in circle_model.get_weights()])
    hidden = np.maximum(points[0] @ np.ones((2, 2)) + 1, 0)
    read = probe.read(points[0])
    np.testing.assert_allclose(read.activations["hidden"], hidden, rtol=1e-5, atol=1e-6)


def test_logit_is_right_where_the_sigmoid_is_saturated(circle_model):
    x = np.array([[1000.0, 0.0]], "float32")
    reading = Probe(circle_model).read(x)
    assert reading.output.tolist() == [[1.0]]
    assert reading.logit.tolist() == [[1000.75]]


def test_the_logit_is_what_goes_into_the_last_activation_wherever_it_stands(points):
    ends = [
        [layers.Dense(1, "sigmoid")],
        [layers.Dense(1), layers.Activation("sigmoid")],
        [layers.Dense(1, activation=layers.Activation("sigmoid"))],
        [layers.Dense(1), nl.BatchNormalization(epsilon=0.0, activation="sigmoid")],
    ]
    for end in ends:
        model = keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), *end])
        reading = Probe(model).read(points[0] * 1000)
        np.testing.assert_allclose(sigmoid(reading.logit), reading.output, rtol=1e-4, atol=1e-30)
        assert reading.logit.max() > 20 or reading.logit.min() < -20


def test_layers_of_channels_first_have_channels_as_neurons():
    first = layers.Activation("relu", name="first")
    first.data_format = "channels_first"
    model = keras.Sequential([keras.Input((3, 4, 5)), first])
    x = RNG.normal(size=(2, 3, 4, 5)).astype("float32")
    read = Probe(model).read(x).activations["first"]
    assert read.shape == (2 * 4 * 5, 3)
    np.testing.assert_allclose(read[:, 1].sum(), np.maximum(x, 0)[:, 1].sum(), rtol=1e-5)


def test_low_rank_adaptation_of_the_output_is_in_the_logit(circle_model, points):
    output = circle_model.get_layer("output")
    output.enable_lora(1)
    output.lora_kernel_b.assign(np.ones((1, 1)))
    reading = Probe(circle_model).read(points[0])
    np.testing.assert_allclose(sigmoid(reading.logit), reading.output, rtol=1e-5)


def test_a_channel_is_a_neuron_and_a_position_a_point():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(3, 3, activation="relu", name="convolution"),
            layers.Flatten(),
            layers.Dense(2, name="output"),
        ]
    )
    x = RNG.normal(size=(5, 4, 4, 1)).astype("float32")
    reading = Probe(model).read(x)
    read = reading.activations["convolution"]
    assert read.shape == (5 * 2 * 2, 3)
    by_keras = convert_to_numpy(model.get_layer("convolution")(x)).reshape(-1, 3)
    np.testing.assert_allclose(read, by_keras, rtol=1e-5, atol=1e-6)
    share = reading.summaries["convolution"]["share"]
    np.testing.assert_allclose(share, (by_keras > 0).mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("placement", ["pre", "post"])
def test_normalization_with_an_activation_is_active_where_that_is(placement):
    layer = nl.BatchNormalization(activation="relu", placement=placement, name="normalized")
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.moving_mean.assign([0.5, -0.5])
    x = RNG.normal(size=(40, 2)).astype("float32")
    reading = Probe(model).read(x)
    np.testing.assert_allclose(
        reading.activations["normalized"], convert_to_numpy(model(x)), rtol=1e-5
    )
    active = x - [0.5, -0.5] > 0 if placement == "pre" else x > 0
    np.testing.assert_array_equal(reading.active["normalized"], active)


def test_recurrent_layers_are_read_step_by_step():
    model = keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.LSTM(4, return_sequences=True, name="lstm"),
            layers.Bidirectional(layers.GRU(3), name="both"),
            layers.Dense(2, "softmax", name="out"),
        ]
    )
    x = RNG.normal(size=(7, 5, 3)).astype("float32")
    reading = Probe(model).read(x)
    assert {name: a.shape for name, a in reading.activations.items()} == {
        "lstm": (35, 4),
        "both": (7, 6),
        "out": (7, 2),
    }
    lstm = convert_to_numpy(model.get_layer("lstm")(x)).reshape(-1, 4)
    np.testing.assert_allclose(reading.activations["lstm"], lstm, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(reading.active["lstm"], reading.activations["lstm"] > 0)
    np.testing.assert_allclose(np.exp(reading.logit) / np.exp(reading.logit).sum(1, keepdims=True),
                               reading.output, rtol=1e-5)  # fmt: skip


def test_wide_layers_come_back_as_measures_only(points):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(40, "tanh", name="wide")])
    reading = Probe(model, whole=16).read(points[0])
    assert reading.activations == {}
    assert reading.active == {}
    a = convert_to_numpy(model(points[0]))
    found = reading.summaries["wide"]
    np.testing.assert_allclose(found["share"], measures.active_share(a > 0), rtol=1e-6)
    np.testing.assert_allclose(found["overlap"], measures.overlap(a > 0), rtol=1e-5)
    np.testing.assert_allclose(
        found["saturation"], measures.saturation(a, "tanh").mean(), atol=1 / a.size
    )


def test_mixed_precision_is_read_in_the_types_it_has(points):
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, "relu", dtype="mixed_bfloat16"),
            layers.Dense(1, "sigmoid", dtype="float32"),
        ]
    )
    reading = Probe(model).read(points[0])
    np.testing.assert_allclose(sigmoid(reading.logit), reading.output, rtol=1e-5)
    assert np.isfinite(next(iter(reading.activations.values()))).all()


@pytest.mark.parametrize("points", [41, 47, 83])
def test_shares_of_all_and_of_a_tolerance_are_exact(points):
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, bias_initializer="ones", name="h")]
    )
    model.layers[0].kernel.assign([[0.0]])
    assert Probe(model).read(np.ones((points, 1))).summaries["h"]["share"].tolist() == [1.0]


def test_activations_of_every_kind_are_heard_and_named_for_what_they_do():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation=layers.ReLU(negative_slope=0.2), name="bent"),
            layers.BatchNormalization(),
            layers.ReLU(name="relu"),
            layers.Dense(2),
            layers.Softmax(name="softmax"),
        ]
    )
    x = RNG.normal(size=(20, 4)).astype("float32")
    reading = Probe(model).read(x)
    assert "saturation" not in reading.summaries["bent"]
    assert reading.summaries["relu"]["zero_gradient"] > 0
    np.testing.assert_allclose(
        np.exp(reading.logit) / np.exp(reading.logit).sum(axis=1, keepdims=True),
        reading.output,
        rtol=1e-5,
    )


def test_what_comes_out_of_recurrent_layers_beside_the_sequence_is_left_out():
    inputs = keras.Input((5, 3))
    sequence, *_ = layers.LSTM(4, return_sequences=True, return_state=True, name="lstm")(inputs)
    model = keras.Model(
        inputs, layers.TimeDistributed(layers.Dense(2, "relu"), name="each")(sequence)
    )
    reading = Probe(model).read(RNG.normal(size=(7, 5, 3)).astype("float32"))
    assert {name: a.shape for name, a in reading.activations.items()} == {
        "lstm": (35, 4),
        "each": (35, 2),
    }
    assert "saturation" not in reading.summaries["lstm"]


class Residual(layers.Layer):
    def __init__(self):
        super().__init__(name="block")
        self.activation = keras.activations.relu
        self.inner = layers.Dense(2, name="inner")

    def call(self, x):
        return x + 10 + 0 * self.activation(self.inner(x))


def test_an_activation_inside_a_block_is_not_taken_for_the_blocks():
    model = keras.Sequential([keras.Input((2,)), Residual()])
    reading = Probe(model, ["block"]).read(RNG.normal(size=(20, 2)).astype("float32"))
    assert reading.summaries["block"]["share"].tolist() == [1, 1]


def test_an_output_of_one_number_a_point_is_one_neuron():
    class Squeezed(layers.Layer):
        activation = staticmethod(keras.activations.relu)

        def call(self, x):
            return self.activation(x[:, 0])

    model = keras.Sequential([keras.Input((2,)), Squeezed(name="sq")])
    assert Probe(model).read(np.ones((6, 2), "float32")).activations["sq"].shape == (6, 1)
