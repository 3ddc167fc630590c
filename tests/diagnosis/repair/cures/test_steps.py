import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.repair.made import classes, classifier, found


@pytest.mark.parametrize("clipping", [{"clipnorm": 1e-6}, {"clipvalue": 1e-7}])
def test_an_optimizer_that_clips_gradients_away_clips_none(clipping):
    x, y = classes()
    model = classifier()
    model.compile(keras.optimizers.SGD(0.3, **clipping), model.loss)
    done = nl.repair(model, x, y, trials=2)
    assert [change.fault for change in done.changes][:1] == ["clipping_too_strong"]
    (name,) = clipping
    assert f"where it had {name}=1e-0" in done.changes[0].done
    assert getattr(done.model.optimizer, name) is None
    assert getattr(model.optimizer, name) is not None
    assert done.after > 0.7


@keras.saving.register_keras_serializable("test_steps")
class Own(keras.regularizers.Regularizer):
    """A user's own."""

    def __call__(self, x):
        return keras.ops.sum(x * x)

    def get_config(self):
        return {}


@pytest.mark.parametrize(
    ("penalty", "left"), [(keras.regularizers.L1L2(1.0, 20.0), (0.01, 0.2)), (Own(), None)]
)
def test_penalties_that_hold_every_weight_down_are_weakened(penalty, left):
    x, y = classes()
    model = classifier(keras.layers.Dense(8, "relu", kernel_regularizer=penalty, name="held"))
    model.compile(keras.optimizers.Adam(0.01), model.loss)
    done = nl.repair(model, x, y, found("penalty_too_strong"), trials=1)
    assert [change.fault for change in done.changes] == ["penalty_too_strong"]
    assert done.changes[0].where == "held"
    own = done.model.get_layer("held").kernel_regularizer
    assert left == (None if own is None else pytest.approx((float(own.l1), float(own.l2))))
    assert model.get_layer("held").kernel_regularizer is penalty
    assert done.after > 0.7


LAYERS, L2 = keras.layers, keras.regularizers.L2


def test_penalties_of_activities_are_weakened_too():
    x, y = classes()
    model = classifier(LAYERS.Dense(8, "relu", activity_regularizer=L2(30.0), name="held"))
    model.compile(keras.optimizers.Adam(0.01), model.loss)
    done = nl.repair(model, x, y)
    assert done.changes[0].fault == "penalty_too_strong"
    left = done.model.get_layer("held").activity_regularizer
    assert left is None or float(left.l2) == pytest.approx(0.3)
    assert done.after > 0.8


@pytest.mark.parametrize(
    "held",
    [
        lambda: LAYERS.TimeDistributed(LAYERS.Dense(6, kernel_regularizer=L2(30.0))),
        lambda: LAYERS.Bidirectional(LAYERS.GRU(4, recurrent_regularizer=L2(30.0))),
        lambda: LAYERS.RNN([LAYERS.LSTMCell(4, kernel_regularizer=L2(30.0)), LAYERS.GRUCell(3)]),
        lambda: keras.Sequential([LAYERS.Dense(6, kernel_regularizer=L2(30.0))]),
    ],
)
def test_penalties_of_wrapped_layers_and_cells_are_weakened(held):
    x, y = classes()
    x = np.repeat(x[:, None], 4, axis=1)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), held(), LAYERS.Flatten(), LAYERS.Dense(2, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    done = nl.repair(model, x, y, found("penalty_too_strong"), trials=1)
    assert done.changes[0].where == model.layers[0].name
    penalties = {
        weight.path: float(weight.regularizer.l2)
        for weight in done.model.trainable_variables
        if weight.regularizer is not None
    }
    assert penalties
    assert list(penalties.values()) == pytest.approx([0.3] * len(penalties))
    assert sum(map(float, done.model.losses)) < 0.02 * sum(map(float, model.losses))
