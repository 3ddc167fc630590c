import keras
import numpy as np
import pytest

from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import BINARY, classifier, faults, found, points

layers, ops = keras.layers, keras.ops
X, Y = points()
FAULT = "non_finite_activations"


def through(operation, loss=BINARY):
    """A classifier with an operation behind its hidden layer."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    hidden = operation(layers.Dense(16, name="hidden")(inputs))
    model = keras.Model(inputs, layers.Dense(1, "sigmoid", name="last")(hidden))
    model.compile("adam", loss)
    return model


def log_of_relu(x):
    return ops.log(ops.relu(x))


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        (ops.sqrt, "sqrt"),
        (log_of_relu, "log"),
        (layers.Lambda(ops.sqrt, name="root"), "root"),
    ],
)
def test_the_first_layer_that_gives_nan_is_named(operation, where):
    (finding,) = found(FAULT, through(operation), X, Y)
    assert (finding.where.rstrip("_0123456789"), finding.severity) == (where, "error")
    assert "of finite ones, which go from" in finding.message


def test_a_diagnosis_with_trials_names_nothing_else_first():
    (finding,) = look(through(ops.sqrt), X, Y).errors
    assert finding.fault == FAULT


class Rooted(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = layers.Dense(8, name="hidden"), layers.Dense(1, name="last")

    def call(self, x):
        return self.last(ops.sqrt(self.hidden(x)))


def test_code_between_layers_is_told_by_the_layer_behind_it():
    model = Rooted()
    model.compile("adam", "mse")
    model(X[:1])
    (finding,) = found(FAULT, model, X, X[:, 0])
    assert finding.where == "last"
    assert "made in code between the layers" in finding.message


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the others refuse such numbers")
def test_an_embedding_of_numbers_beyond_its_entries():
    ids = np.random.default_rng(0).integers(0, 200, (200, 5))
    model = keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(100, 8, name="e")])
    model.add(layers.Flatten())
    model.add(layers.Dense(1, "sigmoid"))
    model.compile("adam", BINARY)
    (finding,) = found(FAULT, model, ids, Y)
    assert finding.where == "e"
    assert "has entries for 0 to 99, and takes 0 to 199" in finding.message
    assert finding.cure.startswith("Give it input_dim=200")


def test_nan_in_weights_is_told_as_that():
    model = classifier()
    model.get_layer("hidden").kernel.assign(np.full((6, 16), np.nan))
    assert not found(FAULT, model, X, Y)


class Masked(layers.Layer):
    """What is not to be chosen gets no chance."""

    def call(self, x):
        return ops.softmax(ops.where(x < 0, float("-inf"), x))


def test_masks_of_infinite_values_are_left_alone():
    rows = np.c_[np.abs(X[:, :1]), X[:, 1:]]  # one of them may be chosen
    assert FAULT not in faults(classifier(Masked()), rows, Y)
    inputs = keras.Input((6,))
    logits = layers.Dense(3)(inputs)
    no_third = ops.where(ops.ones_like(logits) * ops.arange(3.0) > 1, float("-inf"), logits)
    model = keras.Model(inputs, no_third)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert FAULT not in faults(model, X, Y)
