"""Models that are trained by a loss of somebody's own are compared by it."""

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.metrics import r2_score

import normlayers as nl
from normlayers.diagnosis.repair.own_loss import score_by, tells_alone
from normlayers.diagnosis.repair.target import NONE
from tests.diagnosis.repair.made import amounts, classifier, given

X, Y = amounts(rows=400)


def squares(y, predicted):
    return ops.mean((y - predicted) ** 2, -1)


def logistic(y, logits):
    """Of labels 0 and 1 that come as amounts."""
    signs = 2 * ops.cast(ops.reshape(y, ops.shape(logits)), logits.dtype) - 1
    return ops.mean(ops.softplus(-signs * logits))


def gaussian(y, moments):
    """Of a mean and a logarithm of the variance."""
    mean, logarithm = moments[:, :1], moments[:, 1:]
    return ops.mean(0.5 * logarithm + 0.5 * (y - mean) ** 2 * ops.exp(-logarithm))


def network(units, *, loss, rate=0.01):
    keras.utils.set_random_seed(1)
    layers = keras.Input((3,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(units)
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def test_of_squares_it_is_r_squared():
    predicted = Y + np.random.default_rng(2).normal(size=Y.shape).astype("float32")
    expected = r2_score(Y, predicted)
    assert score_by(squares, Y, predicted).metric == pytest.approx(expected, abs=1e-6)


def test_where_shapes_differ_the_constant_is_0():
    moments = np.column_stack([Y[:, 0] + 0.5, np.full(len(Y), -1.0)]).astype("float32")
    usual = 0.5 * np.mean(Y.astype(float) ** 2)
    own = -0.5 + 0.5 * 0.25 * np.e
    assert score_by(gaussian, Y, moments).quality == pytest.approx(1 - own / usual, rel=1e-4)


def test_rows_that_are_no_numbers_are_left_out_and_nothing_finite_is_no_score():
    y = np.where(np.arange(len(Y))[:, None] % 3 == 0, np.nan, Y).astype("float32")
    known = np.isfinite(y[:, 0])
    predicted = (0.5 * Y).astype("float32")
    assert score_by(squares, y, predicted) == score_by(squares, Y[known], predicted[known])
    assert score_by(squares, Y, np.full_like(Y, np.inf)) == NONE
    assert score_by(lambda y, p: ops.log(-ops.abs(p) - 1), Y, predicted) == NONE
    assert score_by(squares, np.full_like(Y, np.nan), predicted) == NONE


def test_of_a_constant_without_a_loss_it_is_minus_the_loss():
    three = np.full((len(Y), 3), 2.0, "float32")
    assert score_by(lambda _, p: ops.mean(p, -1), Y, three).quality == -2.0


@pytest.mark.parametrize(
    ("model", "y", "alone"),
    [
        (network(1, loss=squares), Y, True),
        (network(1, loss=keras.losses.CosineSimilarity()), Y, True),
        (network(1, loss="mse"), Y, False),
        (network(1, loss=None), Y, False),
        (classifier(loss=logistic), (Y > 0).astype("int64"), False),  # a sigmoid is for classes
    ],
)
def test_where_nothing_else_tells(model, y, alone):
    assert tells_alone(given(model, X, y), 0) is alone


def test_a_rate_that_is_too_low_for_a_logistic_loss_of_ones_own():
    labels = (Y > 0).astype("float32")
    repaired = nl.repair(network(1, loss=logistic, rate=1e-6), X, labels)
    assert [change.fault for change in repaired.changes] == ["learning_rate_too_low"]
    right = (repaired.model.predict(X, verbose=0) > 0) == (labels > 0)
    assert right.mean() > 0.95
    assert (
        sum("Of output only its loss says what is good" in each for each in repaired.remarks) == 1
    )


def test_unscaled_inputs_of_a_mean_and_a_spread():
    x = 300 * X + 1000
    model = network(2, loss=gaussian)
    repaired = nl.repair(model, x, Y)
    assert "inputs_not_scaled" in [change.fault for change in repaired.changes]
    assert repaired.after > repaired.before["trained as long"]
    y = ops.convert_to_tensor(Y)
    after, before = (
        float(gaussian(y, ops.convert_to_tensor(each.predict(x, verbose=0))))
        for each in (repaired.model, model)
    )
    assert after < before


class Compares(keras.layers.Layer):
    def call(self, both):
        self.add_loss(ops.mean((both[0] - both[1]) ** 2))
        return both[1]


def test_what_layers_compare_is_refused_where_it_is_all():
    inputs = keras.Input((3,))
    outputs = Compares()([inputs, keras.layers.Dense(3)(inputs)])
    model = keras.Model(inputs, outputs)
    model.compile("adam")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"trained by what its layers give to add_loss\(\) alone"):
        nl.repair(model, X, X)
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    model.compile("adam", "mse")
    nl.repair(model, 100 * X, X, trials=2, epochs=1)  # with a loss it can be compared
