import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.repair.reading import with_loss
from normlayers.diagnosis.repair.training import split

X = np.random.default_rng(0).normal(size=(300, 4)).astype("float32")
Y = X[:, :1] + X[:, 1:2] ** 2


def network(kind=keras.Sequential):
    keras.utils.set_random_seed(0)
    return kind([keras.Input((4,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])


def test_what_is_compiled_without_a_loss_is_diagnosed_with_the_one_that_it_gets():
    model = network()
    model.compile(keras.optimizers.Adam(1e3))
    done = nl.repair(model, X, Y)
    assert [change.fault for change in done.changes] == ["learning_rate_too_high"]
    predicted = np.asarray(done.model.predict(X, verbose=0))
    assert np.mean((predicted - Y) ** 2) < 0.5 * Y.var()
    assert model.loss is None


class OwnLoss(keras.Sequential):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y - y_pred) ** 2)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [(keras.Sequential, {"loss": "mse"}), (OwnLoss, {"loss": None}), (keras.Sequential, None)],
)
def test_other_models_are_diagnosed_as_they_are(kind, arguments):
    model = network(kind)
    if arguments is not None:
        model.compile("adam", **arguments)
    assert with_loss(model, split([X], [Y], 0.2, 0), 32, 0) is model
