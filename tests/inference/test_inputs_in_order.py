"""A recalibration takes several inputs however fit and predict take them."""

import keras
import numpy as np
import pytest

import normlayers as nl
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
    "tf.data of rows": lambda: tf_data().unbatch(),
    "tf.data, inputs alone": lambda: tf_data().map(lambda x, y: (x,)),
    "dict and labels": lambda: ({"second": A, "first": B}, Y),
}


ROWS = {"second": A, "first": B, "id": np.array([f"row {n}" for n in range(64)])}


def batched(rows=ROWS):
    return [{name: values[part] for name, values in rows.items()} for part in PARTS]


class BatchesOfDicts(Batches):
    def __getitem__(self, index):
        return batched()[index], Y[PARTS[index]]


WITH_TEXT = {
    "dict": lambda: ROWS,
    "dict and labels": lambda: (ROWS, Y),
    "dicts": batched,
    "dicts and labels": lambda: list(zip(batched(), batched({"y": Y}), strict=True)),
    "PyDataset": BatchesOfDicts,
    "tf.data": lambda: (
        pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices((ROWS, Y)).batch(16)
    ),
    "tf.data, inputs alone": lambda: (
        pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices(ROWS).batch(16)
    ),
}


@pytest.mark.parametrize("source", WITH_TEXT)
def test_a_column_that_the_model_does_not_take_may_be_text(source):
    expected, model = of_two(), of_two()
    nl.recalibrate(expected, [A, B])
    assert nl.recalibrate(model, WITH_TEXT[source]()).rows == 64
    for ours, theirs in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_allclose(numpy_of(ours), numpy_of(theirs), rtol=1e-5, atol=1e-6)


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


@pytest.mark.parametrize(
    "declared",
    [
        lambda a, b: [a, b],
        lambda a, b: (a, b),
        lambda a, b: [a, [b]],
        lambda a, b: {"u": a, "v": b},
        lambda a, b: {"u": a, "v": {"w": b}},
    ],
    ids=["list", "tuple", "nested", "dict", "nested dict"],
)
@pytest.mark.filterwarnings("ignore:When providing:UserWarning")  # keys that are not its names
@pytest.mark.parametrize("source", ["list", "batches", "PyDataset", "tf.data"])
def test_inputs_that_were_given_no_names(declared, source):
    a, b = keras.Input((4,)), keras.Input((3,))
    both = layers.Concatenate()([a, b])
    model = keras.Model(declared(a, b), nl.BatchNormalization()(both))
    assert nl.recalibrate(model, SOURCES[source]()).rows == 64
    expected = np.concatenate([A, B], axis=1).mean(axis=0)
    np.testing.assert_allclose(numpy_of(model.weights[2]), expected, rtol=1e-6)


def test_rows_of_vectors_of_one_length_are_known_by_their_labels():
    """Without the label they might be batches."""
    tensorflow = pytest.importorskip("tensorflow")
    rows = tensorflow.data.Dataset.from_tensor_slices(((A, A), Y))
    a, b = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([a, b], nl.BatchNormalization()(layers.Add()([a, b])))
    assert nl.recalibrate(model, rows).rows == 64


@pytest.mark.parametrize("inputs", [list, lambda one: one[0]], ids=["of a list", "of one"])
@pytest.mark.parametrize(
    ("data", "batches"),
    [
        ((A,), 2),
        ([A], 1),
        ([A[:30], A[30:]], 2),
        ([(A[:30], Y[:30]), (A[30:], Y[30:])], 2),
        ([((A[:30],), Y[:30]), ([A[30:]], Y[30:])], 2),
        ([([A],)], 1),
        ([A.tolist(), A.tolist()], 2),
    ],
    ids=["tuple", "batch", "batches", "labelled", "in tuples", "in a list", "numbers"],
)
def test_one_input_may_be_alone_or_in_a_tuple_but_a_list_holds_batches(inputs, data, batches):
    x = keras.Input((4,))
    model = keras.Model(inputs([x]), nl.BatchNormalization()(x))
    assert nl.recalibrate(model, data).batches == batches
    np.testing.assert_allclose(numpy_of(model.weights[2]), A.mean(axis=0), rtol=1e-6)


WHICH = "takes 2 inputs.*'second'.*'first'.*one array of shape"


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (A, ValueError, WHICH),
        ([(A, B)], ValueError, rf"{WHICH} \(64, 4\).*of batches \(a, b\) the second are labels"),
        ([A, B, B], ValueError, WHICH),
        (((A, B), Y), TypeError, "the inputs alone"),
        ("rows", TypeError, "must be an array.*Received: str"),
        ([A, B[:9]], ValueError, "arrays of one length"),
    ],
    ids=["array", "batches without labels", "three", "labelled", "text", "lengths"],
)
def test_what_is_not_two_inputs_is_refused_in_a_sentence(data, error, says):
    model = of_two()
    before = [numpy_of(weight) for weight in model.weights]
    with pytest.raises(error, match=says) as raised:
        nl.recalibrate(model, data)
    assert str(raised.value).startswith("recalibrate(): ")
    assert all(map(np.array_equal, before, [numpy_of(weight) for weight in model.weights]))
