import keras
import numpy as np

from normlayers.tracking.reading.sampled_layer import sampled_layer

RNG = np.random.default_rng(0)
ROWS, COLUMNS = np.array([1, 4]), np.array([0, 2])


def as_arrays(found):
    return {name: keras.ops.convert_to_numpy(part) for name, part in found.items()}


def test_takes_the_points_and_neurons():
    values = RNG.normal(size=(6, 3)).astype("float32")
    tensor = keras.ops.convert_to_tensor(values)
    found = as_arrays(sampled_layer(tensor > 0, tensor, 6, ROWS, COLUMNS))
    assert np.array_equal(found["active"], values[[1, 4]][:, [0, 2]] > 0)
    assert np.array_equal(found["value"], values[[1, 4]][:, [0, 2]])


def test_of_positions_one_is_enough():
    values = RNG.normal(size=(6, 2, 2, 3)).astype("float32") - 0.5
    tensor = keras.ops.convert_to_tensor(values.reshape(-1, 3))
    found = as_arrays(sampled_layer(tensor > 0, tensor, 6, ROWS, COLUMNS))
    for i, row in enumerate(ROWS):
        for j, column in enumerate(COLUMNS):
            assert found["active"][i, j] == any(values[row, ..., column].ravel() > 0)
            assert found["value"][i, j] == max(values[row, ..., column].ravel())
