"""Which layers have neurons, in models of many kinds."""

import keras
import numpy as np
import pytest

from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.reading.roles import Roles, detailed_layers

layers = keras.layers


def roles_of(model, x, named=None):
    probe = Probe(model, named)
    probe.read(x)
    return probe.wiring.roles


def test_projections_and_softmax_of_an_attention_are_no_neurons():
    inputs = keras.Input((6, 8))
    attended = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    hidden = layers.Dense(5, "gelu", name="mlp")(attended)
    model = keras.Model(inputs, layers.Dense(3, "softmax", name="out")(hidden))
    probe = Probe(model)
    probe.read(np.ones((4, 6, 8), "float32"))
    assert {"query", "key", "value", "attention_output"} < set(probe.wiring.names)
    assert probe.wiring.roles.neurons == {"mlp"}
    assert probe.wiring.roles.outputs == {"out"}


@pytest.mark.parametrize(
    "end",
    [
        [layers.Dense(1, "sigmoid", name="out")],
        [layers.Dense(1, name="linear"), layers.Activation("sigmoid", name="out")],
        [layers.Dense(1, "sigmoid", name="out"), layers.Reshape((1, 1))],
        [layers.Dense(3, "softmax", name="out")],
        [layers.Dense(3, "relu", name="out")],
    ],
    ids=["dense", "activation", "reshaped", "softmax", "relu"],
)
def test_what_makes_the_output_is_no_layer_of_neurons(end):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(4, "tanh", name="h"), *end])
    found = roles_of(model, np.ones((5, 2), "float32"))
    assert found.neurons == {"h"}
    assert found.outputs == {"out"}


def test_linear_layers_have_neurons_only_where_somebody_names_them():
    class FunctionalRelu(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(4, name="first")
            self.last = layers.Dense(1, name="last")

        def call(self, x):
            return self.last(keras.ops.relu(self.first(x)))

    x = np.ones((5, 2), "float32")
    assert roles_of(FunctionalRelu(), x).neurons == set()
    assert roles_of(FunctionalRelu(), x, ["first", "last"]).neurons == {"first"}


def test_recurrent_and_convolutional_layers_have_neurons():
    model = keras.Sequential(
        [
            keras.Input((9, 3)),
            layers.Conv1D(4, 3, use_bias=False, name="linear"),
            layers.BatchNormalization(),
            layers.ReLU(name="relu"),
            layers.LSTM(4, return_sequences=True, name="lstm"),
            layers.RNN(layers.GRUCell(3), name="rnn"),
            layers.Dense(1),
        ]
    )
    found = roles_of(model, np.ones((2, 9, 3), "float32"))
    assert found.neurons == {"relu", "lstm", "rnn"}


def test_details_leave_linear_layers_out_first_and_then_go_evenly_from_first_to_last():
    names = [f"{kind}_{i}" for i in range(20) for kind in ("conv", "relu")] + ["out"]
    found = Roles(frozenset(n for n in names if n.startswith("relu")), frozenset(["out"]))
    assert detailed_layers(names, found, 41) == names
    assert detailed_layers(names, found, 21) == [n for n in names if not n.startswith("conv")]
    five = detailed_layers(names, found, 5)
    assert five == ["relu_0", "relu_5", "relu_10", "relu_15", "out"]
    assert detailed_layers(names, found, 1) == ["relu_0"]
    assert detailed_layers(names, found, 0) == []
    assert detailed_layers(names, found, ["out", "conv_3"]) == ["conv_3", "out"]
    with pytest.raises(ValueError, match=r"details must be .* Received: 'conv_x'"):
        detailed_layers(names, found, ["conv_x"])
