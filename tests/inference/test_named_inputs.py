"""A recalibration takes several inputs however fit and predict take them."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.inference.named_inputs import by_name
from tests.inference.models import numpy_of

layers = keras.layers
RNG = np.random.default_rng(0)
A = RNG.normal(5, 2, (64, 4)).astype("float32")
B = RNG.normal(1, 3, (64, 3)).astype("float32")
Y = np.zeros(64, "float32")
PARTS = [slice(start, start + 16) for start in range(0, 64, 16)]


def of_two():
    keras.utils.set_random_seed(0)
    a, b = keras.Input((4,), name="second"), keras.Input((3,), name="first")  # not in order
    both = layers.Concatenate()([layers.Dense(3)(nl.BatchNormalization()(a)), b])
    return keras.Model([a, b], layers.Dense(1)(nl.BatchNormalization()(both)))


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return len(PARTS)

    def __getitem__(self, index):
        return (A[PARTS[index]], B[PARTS[index]]), Y[PARTS[index]]


class Loader:
    """As torch's: it can be read again, and has no type in common with a list."""

    def __iter__(self):
        return ([[A[part], B[part]], Y[part]] for part in PARTS)


def tf_data():
    tensorflow = pytest.importorskip("tensorflow")
    return tensorflow.data.Dataset.from_tensor_slices(((A, B), Y)).batch(16)


SOURCES = {
    "list": lambda: [A, B],
    "tuple": lambda: (A, B),
    "tensors": lambda: [keras.ops.convert_to_tensor(A), keras.ops.convert_to_tensor(B)],
    "batches": lambda: [((A[part], B[part]), Y[part]) for part in PARTS],
    "batches alone": lambda: [((A[part], B[part]),) for part in PARTS],
    "dicts": lambda: [({"second": A[part], "first": B[part]}, Y[part]) for part in PARTS],
    "PyDataset": Batches,
    "loader": Loader,
    "tf.data": tf_data,
}


@pytest.mark.parametrize("source", SOURCES)
def test_two_inputs(source):
    expected, model = of_two(), of_two()
    nl.recalibrate(expected, {"first": B, "second": A})
    done = nl.recalibrate(model, SOURCES[source]())
    assert (done.passes, done.rows) == (2, 64)
    for ours, theirs in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_allclose(numpy_of(ours), numpy_of(theirs), rtol=1e-5, atol=1e-6)


def test_a_generator_is_enough_for_one_pass_only():
    pairs = (((A[part], B[part]), Y[part]) for part in PARTS)
    with pytest.raises(TypeError, match="needs 2 passes over the data"):
        nl.recalibrate(of_two(), pairs)
    pairs = (((A[part], B[part]), Y[part]) for part in PARTS)
    assert nl.recalibrate(of_two(), pairs, layerwise=False).rows == 64


@pytest.mark.parametrize("data", [[A, A], A, [(A, Y)], {"x": A}], ids=str)
def test_data_of_one_input_stay_as_they_are(data):
    model = keras.Sequential([keras.Input((4,)), nl.BatchNormalization()])
    assert by_name(model, data) is data


def test_two_batches_of_one_input_are_batches():
    model = keras.Sequential([keras.Input((4,)), nl.BatchNormalization()])
    assert nl.recalibrate(model, [A[:30], A[30:]]).batches == 2
