import keras
import numpy as np
import pytest

from normlayers.diagnosis.evidence.row_mixing import mixed_rows

layers, ops = keras.layers, keras.ops
ROWS = np.array([3, 5, 8, 13, 21])
X = np.random.default_rng(0).normal(size=(30, 6)).astype("float32")


def take(rows):
    return ops.convert_to_tensor(X[rows])


def network(*outputs, dtype="float32"):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    hidden = layers.Dense(8, "relu", dtype=dtype)(inputs)
    return keras.Model(inputs, [output(hidden) for output in outputs])


def test_the_figures_are_those_of_two_batches():
    model = network(layers.Dense(2), lambda x: ops.softmax(layers.Dense(3)(x), axis=0))
    (mixed,) = mixed_rows(model, take, ROWS)
    probabilities = model.predict(X[[3, 5, 8, 21]], verbose=0)[1]
    again = model.predict(X[[3, 5, 3, 3]], verbose=0)[1]
    assert (mixed.output, mixed.call.kind) == (1, "Softmax")
    assert mixed.change == pytest.approx(np.abs(probabilities - again)[:2].max(), rel=1e-4)
    assert mixed.spread == pytest.approx(np.ptp(probabilities, axis=0).max(), rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_rounding_is_no_dependence(dtype):
    assert mixed_rows(network(layers.Dense(3, dtype=dtype), dtype=dtype), take, ROWS) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_do_not_count(value):
    def spoilt(x):
        return ops.softmax(layers.Dense(3)(x), axis=0) * np.array([1.0, 1.0, value])

    (mixed,) = mixed_rows(network(spoilt), take, ROWS)
    assert np.isfinite([mixed.change, mixed.spread]).all()


def test_fewer_than_four_rows_are_not_compared():
    assert mixed_rows(network(lambda x: ops.softmax(x, axis=0)), take, ROWS[:3]) == []
