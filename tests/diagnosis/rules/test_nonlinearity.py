import keras
import pytest

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
