import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, faults, found, points

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


MIXED = "prediction_depends_on_batch"


def built(model):
    model.compile("adam", SPARSE)
    model(X[:2])
    return model


def functional(build, shape=(6,), units=3, **compiled):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, build(inputs))
    model.compile("adam", **({"loss": SPARSE} | compiled))
    return model


def softmax_over_rows(x):
    return ops.softmax(x, axis=0)


class OverRows(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(3)

    def call(self, x):
        return ops.softmax(self.last(x), axis=0)


class Always(keras.Model):
    """As in training, also in inference; of a functional model ``predict`` overrules that."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.last = layer, layers.Dense(3, "softmax")

    def call(self, x):
        return self.last(self.layer(x, training=True))


def transposed(x):
    x = layers.Dense(8, "relu")(x)
    x = ops.transpose(ops.reshape(x, (8, -1)))  # not the inverse of a transpose
    return layers.Dense(3, "softmax")(x)


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda x: layers.Softmax(axis=0, name="over")(layers.Dense(3)(x)), "over"),
        (lambda x: layers.Dense(3, softmax_over_rows, name="over")(x), "over"),
        (transposed, "transpose"),
        (lambda x: layers.Dense(3, "softmax")(x - ops.mean(x, axis=0, keepdims=True)), "mean"),
        pytest.param(
            lambda x: layers.Dense(3, "softmax")(layers.Attention(name="over")([x, x])),
            "over",
            marks=pytest.mark.skipif(
                not hasattr(keras.optimizers, "MultiOptimizer"),
                reason="attention of rows is refused by Keras before 3.15",
            ),
        ),
    ],
)
def test_what_makes_rows_depend_on_one_another_is_named(build, where):
    (finding,) = found(MIXED, functional(build), X, Y)
    assert (finding.where.split("_")[0], finding.severity) == (where, "error")


def test_rows_mixed_in_a_models_own_code():
    (finding,) = found(MIXED, built(OverRows()), X, Y)
    assert "Code of the model's own" in finding.message


@pytest.mark.parametrize("kind", [layers.BatchNormalization, nl.BatchNormalization])
def test_a_normalization_that_always_takes_the_batch_is_a_warning(kind):
    (finding,) = found(MIXED, built(Always(kind(name="norm"))), X, Y)
    assert (finding.where, finding.severity) == ("norm", "warning")
    assert "training=True" in finding.cure


@pytest.mark.parametrize(
    "build",
    [
        lambda x: layers.Dense(3, "softmax")(layers.BatchNormalization()(layers.Dense(8)(x))),
        lambda x: layers.Dense(3, "softmax")(layers.GRU(4)(ops.expand_dims(x, -1))),
        # There and back again, and similarities within the batch, which are meant.
        lambda x: layers.Dense(3, "softmax")(ops.transpose(ops.transpose(x) * 2.0)),
        lambda x: ops.matmul(x, ops.transpose(x)),
    ],
)
def test_rows_that_are_predicted_one_by_one(build):
    assert not found(MIXED, functional(build), X, Y)


@pytest.mark.parametrize("noise", [layers.Dropout(0.5), layers.GaussianNoise(1.0)])
def test_noise_in_inference_comes_of_no_other_row(noise):
    assert not found(MIXED, built(Always(noise)), X, Y)


def test_a_loss_of_ones_own_may_compare_rows():
    def contrast(y, z):
        return -ops.mean(ops.log_softmax(z, axis=0), axis=-1)

    build = lambda x: layers.Softmax(axis=0)(layers.Dense(3)(x))  # noqa: E731
    (finding,) = found(MIXED, functional(build, loss=contrast), X, Y)
    assert finding.severity == "warning"


def test_a_model_made_for_so_many_rows_may_relate_them():
    inputs = keras.Input(batch_shape=(200, 6))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(ops.cumsum(inputs, axis=0)))
    model.compile("adam", SPARSE)
    assert not found(MIXED, model, X, Y)
