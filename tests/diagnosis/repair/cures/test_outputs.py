import keras
import numpy as np
import pytest

from normlayers.diagnosis.repair.cures import outputs
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import amounts, classes, given, numbers


def network(units, activation, loss, apart=False):
    layers = keras.layers
    ends = (
        [layers.Dense(units, name="last"), layers.Activation(activation, name="answer")]
        if apart
        else [layers.Dense(units, activation, name="last")]
    )
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, "relu"), *ends])
    model.compile("adam", loss)
    return model


def cured(model, y, cure=outputs.fit_output):
    x = classes(len(y))[0]
    other = given(model, x, y)
    made = build(cure(other.plan(), other, "labels_do_not_fit_output", []), other)
    made.train_on_batch(x, y)
    return made, numbers(made(x))


LABELS = np.arange(60) % 3
SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("units", "activation", "loss", "y", "fitting"),
    [
        (1, "softmax", "binary_crossentropy", LABELS % 2, (1, "BinaryCrossentropy")),
        (3, "sigmoid", SPARSE, LABELS, (3, "SparseCategoricalCrossentropy")),
        (3, "softmax", SPARSE, LABELS + 1, (4, "SparseCategoricalCrossentropy")),
        (2, "softmax", SPARSE, LABELS, (3, "SparseCategoricalCrossentropy")),
        (3, "softmax", CATEGORICAL, LABELS, (3, "SparseCategoricalCrossentropy")),
        (3, "softmax", SPARSE, np.eye(3)[LABELS], (3, "CategoricalCrossentropy")),
        (1, "sigmoid", "binary_crossentropy", LABELS, (3, "SparseCategoricalCrossentropy")),
        (1, "sigmoid", "binary_crossentropy", LABELS % 2 * 2 - 1, (1, "SquaredHinge")),
    ],
)
def test_units_activation_and_loss_fit_the_labels(units, activation, loss, y, fitting, apart):
    made, out = cured(network(units, activation, loss, apart), y)
    assert (out.shape[-1], type(made.loss).__name__) == fitting
    low = -1 if fitting[1] == "SquaredHinge" else 0
    assert out.min() >= low
    assert out.max() <= 1
    if fitting[0] > 1:
        np.testing.assert_allclose(out.sum(-1), 1, rtol=1e-5)


def test_an_output_whose_units_cannot_be_set_stays_as_it_is():
    """Of a convolution, flattened: no argument says how many units come out."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4, 1)), layers.Conv1D(1, 3, activation="relu"), layers.Flatten()]
    )
    model.compile("adam", SPARSE)
    other = given(model, np.zeros((60, 4, 1), "float32"), LABELS)
    assert outputs.fit_output(other.plan(), other, "labels_do_not_fit_output", []) is None


@pytest.mark.parametrize(
    ("layers", "loss", "was"),
    [
        ([keras.layers.Dense(3, "softmax"), keras.layers.Softmax()], "categorical_crossentropy",
         "3 softmax of softmax units and categorical_crossentropy"),
        ([keras.layers.Dense(3, "softmax")], keras.losses.CategoricalCrossentropy(True),
         "3 softmax units and categorical_crossentropy of logits"),
        ([keras.layers.Dense(1)], "binary_crossentropy", "1 linear unit and binary_crossentropy"),
    ],
)  # fmt: skip
def test_what_output_and_loss_were_is_said(layers, loss, was):
    x, y = classes()
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("adam", loss)
    other = given(model, x, np.eye(3)[y] if len(layers) + model.output_shape[1] > 2 else y)
    plan = outputs.fit_output(other.plan(), other, "output_does_not_fit_loss", [])
    assert plan.changes[0].done.endswith(f"; it had {was}.")


def test_amounts_get_a_linear_output():
    _, y = amounts(60)
    made, out = cured(network(1, "relu", "mse"), y)
    assert made.loss == "mse"
    assert made.layers[-1].activation is keras.activations.linear
    assert out.shape == y.shape


@pytest.mark.parametrize("loss", ["poisson", "msle"])
def test_losses_with_a_logarithm_get_an_output_above_0(loss):
    _, y = amounts(60)
    made, _ = cured(network(1, "linear", loss), np.abs(y))
    assert made.layers[-1].activation is keras.activations.softplus
    assert made.loss == loss
    made, _ = cured(network(1, "relu", loss), y)  # of targets below 0 there is no logarithm
    assert made.layers[-1].activation is keras.activations.linear
    assert made.loss == "mse"


@pytest.mark.parametrize("loss", ["mse", "mae", keras.losses.Huber(0.7)])
def test_the_loss_is_that_of_standardized_targets(loss):
    x, y = amounts(60, scale=300, offset=1000)
    model = network(1, "linear", loss)
    other = given(model, x, y)
    made = build(outputs.scale_targets(other.plan(), other, "targets_not_scaled", []), other)
    z = (y - y.mean()) / y.std()
    standardized = numbers(model(x))
    expected = np.mean(numbers(keras.losses.get(loss)(z, standardized)))
    np.testing.assert_allclose(numbers(made(x)), standardized * y.std() + y.mean(), rtol=1e-4)
    np.testing.assert_allclose(made.evaluate(x, y, verbose=0), expected, rtol=1e-3)


def test_a_column_that_rules_the_loss_is_named():
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = np.c_[x[:, 0], 1e3 * x[:, 1]]
    for targets, ruled in [(y, True), (y / [1, 1e3] + [0, 1e3], False)]:
        other = given(network(2, "linear", "mse"), x, targets)
        plan = outputs.scale_targets(other.plan(), other, "targets_not_scaled", [])
        assert ("ruled by column 1" in plan.changes[0].why) == ruled
