import keras
import numpy as np
import pytest

from tests.diagnosis.small_models import classifier, faults, found, network, points

X, Y = points()
LAYERS = keras.layers


def with_bias(values, hidden="relu"):
    model = classifier(hidden=hidden)
    model.get_layer("hidden").bias.assign(np.asarray(values, "float32"))
    return model


def first(count, value):
    return np.where(np.arange(16) < count, value, 0.0)


@pytest.mark.parametrize(
    ("fault", "bias"), [("dead_neurons", -100.0), ("always_on_neurons", 100.0)]
)
@pytest.mark.parametrize(("count", "severity"), [(16, "error"), (12, "warning"), (8, None)])
def test_layers_of_neurons_in_one_state(fault, bias, count, severity):
    told = found(fault, with_bias(first(count, bias)), X, Y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])
    if told:
        assert told[0].where == "hidden"
        assert told[0].evidence["share"] == count / 16


def test_a_sigmoid_below_its_middle_is_not_dead():
    assert faults(with_bias(np.full(16, -2.0), "sigmoid"), X, Y) == set()


def test_activations_apart_are_neurons_too():
    model = network(
        LAYERS.Dense(16, name="d"), LAYERS.Activation("relu", name="a"), LAYERS.Dense(1, "sigmoid")
    )
    model.get_layer("d").bias.assign(np.full(16, -100.0))
    (finding,) = found("dead_neurons", model, X, Y)
    assert finding.where == "a"


def test_few_neurons_or_rows_may_be_in_one_state_by_chance():
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), np.array([0, 1, 1, 0])
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [keras.Input((2,)), LAYERS.Dense(8, "relu"), LAYERS.Dense(1, "sigmoid")]
        )
        model.compile("adam", "binary_crossentropy")
        assert faults(model, x, y) == set()


@pytest.mark.parametrize(("deviation", "expected"), [(100.0, "error"), (0.3, None)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturation(activation, deviation, expected):
    hidden = LAYERS.Dense(
        16, activation, kernel_initializer=keras.initializers.RandomNormal(0, deviation, seed=0)
    )
    told = found("saturated_neurons", network(hidden, LAYERS.Dense(1, "sigmoid")), X, Y)
    assert [finding.severity for finding in told] == ([expected] if expected else [])


@pytest.mark.parametrize("scaled", [True, False])
def test_a_gate_that_is_always_on_lets_everything_through(scaled):
    """Squeeze and excitation as MobileNetV3 has it: a hard sigmoid of rectifiers."""
    keras.utils.set_random_seed(0)
    x, y = points(400)
    inputs = keras.Input((6,))
    features = keras.layers.Dense(16, "relu")(inputs)
    gate = keras.layers.ReLU(6.0, name="gate")(keras.layers.Dense(16)(features) + 3.0)
    gate = gate * (1 / 6) if scaled else gate
    for joined, expected in (
        (keras.layers.Multiply()([features, gate]), set()),
        (keras.layers.Concatenate()([features, gate]), {"always_on_neurons"}),
    ):
        model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(joined))
        model.compile("adam", "binary_crossentropy")
        assert faults(model, x, y) == expected
