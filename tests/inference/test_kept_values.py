"""What a run of a model changes besides, while it is recalibrated, is given back."""

import keras
import numpy as np

import normlayers as nl

ROWS = np.random.default_rng(5).normal(2, 3, size=(64, 5, 3)).astype("float32")


class Counting(keras.layers.Layer):
    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign(self.calls + 1)
        return x


def value(variable):
    return np.array(keras.ops.convert_to_numpy(keras.ops.copy(variable)))


def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(batch_shape=(32, 5, 3)),
            keras.layers.GRU(4, stateful=True),
            Counting(),
            nl.BatchNormalization(),
            keras.layers.Dense(2),
            nl.BatchNormalization(),
        ]
    )


def test_other_variables_are_what_they_were_and_each_pass_begins_from_them():
    recalibrated, plain = model(), model()
    for each in (recalibrated, plain):
        each(ROWS[:32])  # a state to begin from, and to come back to
        assert value(each.layers[1].calls) == 1
    state = value(recalibrated.layers[0].states[0])
    assert state.any()
    done = nl.recalibrate(recalibrated, ROWS)
    assert done.passes == 2
    np.testing.assert_array_equal(value(recalibrated.layers[0].states[0]), state)
    assert value(recalibrated.layers[1].calls) == 1
    # One pass from that state, layer by layer in float64.
    hidden = np.concatenate([value(plain.layers[0](ROWS[i : i + 32])) for i in (0, 32)])
    hidden = hidden.astype(float)
    first, last = recalibrated.layers[2], recalibrated.layers[4]
    np.testing.assert_allclose(value(first.moving_mean), hidden.mean(0), rtol=1e-5)
    np.testing.assert_allclose(value(first.moving_variance), hidden.var(0), rtol=1e-5)
    normalized = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + first.epsilon)
    dense = normalized @ value(plain.layers[3].kernel)
    np.testing.assert_allclose(value(last.moving_mean), dense.mean(0), atol=1e-5)
    np.testing.assert_allclose(value(last.moving_variance), dense.var(0), rtol=1e-4)
