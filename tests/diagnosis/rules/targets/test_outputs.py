import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, faults, found, network, points

X, Y = points()
LAYERS = keras.layers
CLASSES = np.digitize(X[:, 2], [-0.4, 0.4])
CATEGORICAL = "categorical_crossentropy"


@pytest.mark.parametrize(
    ("y", "units", "output", "loss", "severity"),
    [
        (Y, 1, "softmax", BINARY, "error"),
        (Y, 1, None, BINARY, "error"),
        (Y, 1, "tanh", BINARY, "error"),
        (Y, 1, "relu", BINARY, "error"),
        (CLASSES, 3, None, SPARSE, "error"),
        (CLASSES, 3, "sigmoid", SPARSE, "error"),
        (np.eye(3)[CLASSES], 3, "sigmoid", CATEGORICAL, "error"),
        (np.eye(3)[CLASSES], 3, "sigmoid", BINARY, "warning"),
        (CLASSES, 3, "softmax", keras.losses.SparseCategoricalCrossentropy(True), "warning"),
        (np.random.default_rng(0).integers(0, 2, (200, 3)), 3, "softmax", BINARY, "error"),
        (np.random.default_rng(0).integers(0, 2, (200, 2)), 2, "softmax", BINARY, "error"),
        (X[:, 0] * 3, 1, "sigmoid", "mse", "error"),
        (X[:, 0], 1, "relu", "mse", "error"),
        (X[:, 0] * 1e3, 1, "tanh", "mae", "error"),
    ],
)
def test_outputs_that_do_not_fit(y, units, output, loss, severity):
    model = classifier(units=units, output=output, loss=loss)
    (finding,) = found("output_does_not_fit_loss", model, X, y)
    assert (finding.where, finding.severity) == ("last", severity)


@pytest.mark.parametrize(
    ("y", "units", "output", "loss"),
    [
        (Y, 1, None, keras.losses.BinaryCrossentropy(from_logits=True)),
        (CLASSES, 3, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (np.eye(3)[CLASSES], 3, "softmax", CATEGORICAL),
        (X[:, :3] > 0, 3, "sigmoid", BINARY),
        (np.eye(2)[Y], 2, "softmax", BINARY),
        (X[:, 0], 1, None, lambda y, p: keras.ops.mean(keras.ops.abs(y - p))),
    ],
)
def test_outputs_that_fit(y, units, output, loss):
    assert faults(classifier(units=units, output=output, loss=loss), X, y) == set()


@pytest.mark.parametrize("apart", [keras.layers.Activation, None])
def test_activations_that_are_layers_of_their_own(apart):
    layers = keras.layers
    softmax = apart("softmax") if apart else layers.Softmax()
    model = network(layers.Dense(8), layers.ReLU(), layers.Dense(3), softmax, loss=SPARSE)
    assert faults(model, X, CLASSES) == set()
    one = network(layers.Dense(8), layers.ReLU(), layers.Dense(1), softmax)
    assert "output_does_not_fit_loss" in faults(one, X, Y)


COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, 0] / 2))


def test_poisson_takes_no_negative_outputs():
    (finding,) = found(
        "output_does_not_fit_loss", classifier(output=None, loss="poisson"), X, COUNTS
    )
    assert (finding.where, finding.severity, finding.repairable) == ("last", "error", True)
    assert finding.cure == "Give the output exponential or softplus."


def test_poisson_whose_training_ended_in_nan():
    model = classifier(output=None, loss="poisson")
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    (finding,) = found("output_does_not_fit_loss", model, X, COUNTS)
    assert "non_finite_weights" in [follows.fault for follows in finding.consequences]


@pytest.mark.parametrize("output", ["exponential", "softplus", "relu"])
def test_outputs_above_0_fit_losses_with_a_logarithm(output):
    for loss in ("poisson", keras.losses.Poisson(), "msle"):
        assert faults(classifier(output=output, loss=loss), X, COUNTS) == set()


def test_an_operation_makes_outputs_positive():
    inputs = keras.Input((6,))
    rate = keras.ops.exp(keras.layers.Dense(1)(keras.layers.Dense(16, "relu")(inputs)))
    model = keras.Model(inputs, rate)
    model.compile("adam", "poisson")
    assert faults(model, X, COUNTS) == set()


def test_a_logarithmic_error_of_outputs_below_0_has_no_gradient():
    model = classifier(output=None, loss="msle")
    assert faults(model, X, COUNTS) == set()
    model.get_layer("last").bias.assign([-50.0])
    (finding,) = found("output_does_not_fit_loss", model, X, COUNTS)
    assert finding.cure == "Give the output softplus."


@pytest.mark.parametrize(
    ("last", "loss", "named"),
    [
        ([LAYERS.Dense(1, "sigmoid"), LAYERS.Dropout(0.5)], BINARY, True),
        ([LAYERS.Dense(1, "sigmoid"), LAYERS.Dropout(0.5), LAYERS.Flatten()], BINARY, True),
        ([LAYERS.Dense(1), LAYERS.GaussianDropout(0.5)], "mse", True),
        ([LAYERS.Dense(1, "sigmoid"), LAYERS.Dropout(0.0)], BINARY, False),
        ([LAYERS.Dropout(0.5), LAYERS.Dense(1, "sigmoid")], BINARY, False),
        ([LAYERS.Dense(1), LAYERS.Dropout(0.5)], lambda y, p: (y - p) ** 2, False),
    ],
)
def test_dropout_of_what_is_predicted(last, loss, named):
    model = network(LAYERS.Dense(8, "relu"), *last, loss=loss)
    assert len(found("dropout_on_output", model, X, Y)) == named


def test_dropout_of_what_is_predicted_is_taken_out():
    last = LAYERS.Dense(1, "sigmoid"), LAYERS.Dropout(0.9, name="drop")
    model = network(LAYERS.Dense(8, "relu"), *last, optimizer=keras.optimizers.Adam(0.02))
    done = nl.repair(model, X, (X[:, 0] > 0).astype("int64"), trials=1)
    assert [(change.fault, change.where) for change in done.changes] == [
        ("dropout_on_output", "drop")
    ]
    assert done.after > 0.8


class OwnDense(keras.layers.Layer):
    """A matrix, and whatever its function makes of what comes out of that."""

    def __init__(self, units, function=None):
        super().__init__(name="last")
        self.units, self.function = units, function

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))

    def call(self, x):
        logits = keras.ops.matmul(x, self.kernel)
        return self.function(logits) if self.function else logits


class DenseWithSoftmax(keras.layers.Dense):
    def call(self, x):
        return keras.ops.softmax(super().call(x))


@pytest.mark.parametrize(
    ("last", "y", "loss"),
    [
        (lambda: OwnDense(3, keras.ops.softmax), CLASSES, SPARSE),
        (lambda: OwnDense(1, keras.ops.sigmoid), Y, BINARY),
        (lambda: DenseWithSoftmax(3), CLASSES, SPARSE),
    ],
)
def test_layers_of_ones_own_that_give_probabilities(last, y, loss):
    assert not found("output_does_not_fit_loss", network(LAYERS.Dense(8), last(), loss=loss), X, y)


def test_layers_of_ones_own_that_give_logits():
    model = network(LAYERS.Dense(8), OwnDense(3), loss=SPARSE)
    (finding,) = found("output_does_not_fit_loss", model, X, CLASSES)
    assert "activation none that is known" in finding.message
