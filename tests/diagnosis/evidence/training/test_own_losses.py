"""Losses of somebody's own: those that prefer errors are told from all others."""

import keras
import numpy as np
import pytest

from normlayers.diagnosis.evidence.training.own_losses import Tried, tried
from tests.diagnosis.small_models import found, network

layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
YES_OR_NO = RNG.integers(0, 2, (200, 1))
SEVERAL = RNG.integers(0, 2, (200, 3))
CLASSES = RNG.integers(0, 4, 200)
ONE_HOT = np.eye(4)[CLASSES]
AMOUNTS = RNG.normal(50, 9, (200, 2)).astype("float32")
PROBABILITIES = [
    *((YES_OR_NO, "sigmoid"), (YES_OR_NO[:, 0], "sigmoid"), (SEVERAL, "sigmoid")),
    (ONE_HOT, "softmax"),
    (0.05 + 0.9 * SEVERAL, "sigmoid"),
]


def dice(y, p):
    y = ops.cast(y, p.dtype)
    return (2 * ops.sum(y * p) + 1) / (ops.sum(y) + ops.sum(p) + 1)


def jaccard(y, p):
    y = ops.cast(y, p.dtype)
    both = ops.sum(y * p, axis=-1)
    return (both + 1) / (ops.sum(y + p, axis=-1) - both + 1)


def likelihood(y, p):
    y = ops.cast(y, p.dtype)
    return y * ops.log(p) + (1 - y) * ops.log(1 - p)


def squares(y, p):
    return ops.mean(ops.square(ops.cast(y, p.dtype) - p), axis=-1)


def correlation(y, p):
    y, p = y - ops.mean(y), p - ops.mean(p)
    return ops.sum(y * p) / ops.sqrt(ops.sum(y**2) * ops.sum(p**2))


def infinite(y, p):
    return -ops.log(ops.mean(ops.square(y - p)))


def inverse(y, p):
    return 1 / (ops.mean(ops.square(y - p)) + 1e-6)


def less(of):
    return lambda y, p: 1 - of(y, p)


def preferred(loss, y, activation):
    shape = y.shape if y.ndim > 1 else (len(y), 1)
    return tried(loss, y, shape, activation).errors_preferred


@pytest.mark.parametrize(("y", "activation"), PROBABILITIES)
@pytest.mark.parametrize("score", [dice, jaccard, likelihood, less(squares)])
def test_scores_in_place_of_losses(score, y, activation):
    right, wrong = preferred(score, y, activation)
    assert right > wrong
    assert preferred(less(score), y, activation) is None


@pytest.mark.parametrize("activation", ["linear", "relu", "softplus"])
@pytest.mark.parametrize("score", [less(squares), correlation, infinite, inverse])
def test_scores_of_amounts(score, activation):
    right, wrong = preferred(score, AMOUNTS, activation)
    assert right > wrong
    assert preferred(less(score), AMOUNTS, activation) is None


def test_classes_by_number_and_logits():
    def logits(y, p):
        return ops.sparse_categorical_crossentropy(y, p, from_logits=True)

    right, wrong = tried(less(logits), CLASSES, (200, 4), "linear").errors_preferred
    assert right > wrong
    assert tried(logits, CLASSES, (200, 4), "linear") == Tried()


@pytest.mark.parametrize(
    ("loss", "y", "activation"),
    [
        (lambda y, p: ops.mean(y * p), 2.0 * YES_OR_NO - 1, "linear"),  # a Wasserstein critic's
        (lambda y, p: ops.mean(y * p), AMOUNTS, "linear"),  # a cost
        (lambda y, p: ops.maximum(0.9 * (y - p), 0.1 * (p - y)), AMOUNTS, "linear"),  # a quantile
        (lambda y, p: -ops.mean(y * p) / ops.std(y * p), AMOUNTS - 49, "linear"),  # return for risk
        (lambda y, p: ops.mean(ops.square(p)), AMOUNTS, "linear"),  # nothing of the targets
        (lambda y, p: ops.mean(p), YES_OR_NO, "sigmoid"),
        (lambda y, p: ops.mean(y) + 0 * ops.sum(p), YES_OR_NO, "sigmoid"),
        # Like pairs are 1, and what is predicted is a distance.
        (lambda y, p: y * p**2 + (1 - y) * ops.maximum(1 - p, 0) ** 2, YES_OR_NO, ""),
        (lambda y, p: ops.log(p - 5), YES_OR_NO, "sigmoid"),  # NaN
        (lambda y, p: y[:, 99], YES_OR_NO, "sigmoid"),  # an error
    ],
)
def test_what_is_meant_is_not_told(loss, y, activation):
    assert preferred(loss, y.astype("float32"), activation) is None


@pytest.mark.filterwarnings("ignore:In loss")
@pytest.mark.parametrize("name", [n for n in dir(keras.losses) if n[0].isupper() and n != "Loss"])
@pytest.mark.parametrize(("y", "activation"), [*PROBABILITIES, (AMOUNTS, "linear")])
def test_no_loss_of_keras_prefers_errors(name, y, activation):
    loss = getattr(keras.losses, name)()
    assert preferred(lambda y, p: loss(y, p), y.astype("float32"), activation) is None


def test_targets_of_many_values_are_tried_on_few_rows():
    seen = []

    def loss(y, p):
        seen.append(tuple(p.shape))
        return dice(y, p)

    masks = RNG.integers(0, 2, (20, 600, 600, 1))
    assert tried(loss, masks, masks.shape, "sigmoid").errors_preferred
    assert set(seen) == {(3, 600, 600, 1)}


def test_the_finding_says_what_the_loss_is_of_right_and_of_wrong_predictions():
    x = RNG.normal(size=(200, 6)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    model = network(layers.Dense(8, "relu"), layers.Dense(1, "sigmoid", name="last"), loss=dice)
    (finding,) = found("loss_prefers_errors", model, x, y)
    assert finding.severity == "warning"
    assert finding.where == "last"
    assert finding.message.startswith("dice is 0.93 where the output 'last' is near its targets")
    model.compile("adam", less(less(dice)))  # a function without a name that tells what it is
    assert [note.severity for note in found("loss_prefers_errors", model, x, y)] == ["note"]
    model.compile("adam", less(dice))
    assert not found("loss_prefers_errors", model, x, y)
