"""What may be watched."""

import keras
import numpy as np
import pytest
import scipy.sparse

import normlayers as nl
from normlayers import measures
from normlayers.tracking.tracked_points import TrackedPoints


def test_a_torch_tensor_that_requires_a_gradient_is_taken():
    torch = pytest.importorskip("torch")
    x = torch.ones((5, 2), requires_grad=True)
    np.testing.assert_array_equal(TrackedPoints(x).x, np.ones((5, 2)))
    assert x.requires_grad
    y = torch.ones(5, requires_grad=True)
    assert TrackedPoints(x, y).labels.tolist() == [1] * 5


def test_a_tensor_of_a_type_that_numpy_does_not_know_is_taken():
    x = keras.ops.convert_to_tensor([[0.5, 2.0]] * 5, "bfloat16")
    np.testing.assert_array_equal(TrackedPoints(x).x, [[0.5, 2.0]] * 5)


def torch_sparse():
    return pytest.importorskip("torch").eye(3).to_sparse()


def tensorflow_sparse():
    return pytest.importorskip("tensorflow").sparse.eye(3)


def jax_sparse():
    sparse = pytest.importorskip("jax.experimental.sparse")
    return sparse.BCOO.fromdense(np.eye(3))


@pytest.mark.parametrize(
    "x",
    [lambda: scipy.sparse.eye(3).tocsr(), lambda: scipy.sparse.csr_array(np.eye(3)), torch_sparse,
     tensorflow_sparse, jax_sparse],
)  # fmt: skip
def test_sparse_points_are_named(x):
    with pytest.raises(ValueError, match=r"x must be dense\. Received: .*, which is sparse"):
        TrackedPoints(x())


def test_masked_points_are_refused():
    x = np.ma.masked_greater(np.arange(12.0).reshape(4, 3), 10)
    with pytest.raises(ValueError, match="x must have all of its values"):
        TrackedPoints(x)
    with pytest.raises(ValueError, match="y must have all of its values"):
        TrackedPoints(np.eye(4)[:, :2], np.ma.masked_equal([0, 1, 1, 0], 0))
    assert TrackedPoints(np.ma.masked_greater(np.eye(4)[:, :2], 10)).features == 2


def test_ragged_points_are_named():
    tensorflow = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=r"one shape\. Received: .*RaggedTensor, which is ragged"):
        TrackedPoints(tensorflow.ragged.constant([[1.0], [1.0, 2.0]]))
    with pytest.raises(ValueError, match="points of different shapes; pad them"):
        TrackedPoints([[1.0], [1.0, 2.0]])


def test_batches_are_no_points():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.ones((3, 2)), np.ones(3)

    for given in (Batches(), (batch for batch in [np.ones((3, 2))])):
        with pytest.raises(ValueError, match=r"which gives batches; give the inputs of one"):
            TrackedPoints(given)


@pytest.mark.parametrize("dependent", [False, True])
def test_linearity_on_the_models_device_is_that_of_the_measure(dependent, monkeypatch):
    random = np.random.default_rng(0)
    x, logit = random.normal(size=(50, 6)).astype("float32"), random.normal(size=(50, 2))
    logit[:, 0] += x[:, 1]
    if dependent:
        x[:, 5] = 2 * x[:, 1]
    expected = measures.linearity(x, logit)
    if not dependent:
        monkeypatch.setattr(np.linalg, "svd", None)
    rounding = 1e-5 if keras.backend.backend() == "jax" else 1e-12  # it computes in float32
    assert TrackedPoints(x).linearity(logit) == pytest.approx(expected, abs=rounding)


LAYERS = keras.layers


@pytest.mark.parametrize("keys", [("left", "right"), ("in2", "in1"), ("a", "in1")])
def test_inputs_by_keys_that_are_not_their_names(tmp_path, keys):
    a, b = keras.Input((2,), name="in1"), keras.Input((3,), name="in2")
    joined = LAYERS.Concatenate()([LAYERS.Dense(4, "relu", name="of_a")(a), b])
    model = keras.Model(dict(zip(keys, (a, b), strict=True)), LAYERS.Dense(1)(joined))
    rows = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    x = dict(zip(keys, (rows[:, :2], rows[:, 2:]), strict=True))
    tracker = nl.ActivationTracker(tmp_path, x, strict=True)
    tracker.observe(model, 0)
    active = rows[:, :2] @ keras.ops.convert_to_numpy(model.get_layer("of_a").kernel) > 0
    for neuron in range(4):
        found = tracker.history[f"activity/of_a/neuron_{neuron}"][0]
        assert found == pytest.approx(active[:, neuron].mean())
    x[keys[0]] = rows[:, :1]
    with pytest.raises(ValueError, match=r"x must have the shape .*Received: x of .*\(30, 1\)"):
        nl.ActivationTracker(tmp_path / "wrong", x, strict=True).observe(model, 0)


def test_points_that_are_one_number_each(tmp_path):
    ids, more = keras.Input((), dtype="int32"), keras.Input((2,))
    embedded = LAYERS.Embedding(5, 3)(ids)
    x = np.arange(40) % 5
    alone = keras.Model(ids, LAYERS.Dense(1)(LAYERS.Dense(2, "relu", name="h")(embedded)))
    tracker = nl.ActivationTracker(tmp_path / "alone", x, x % 2, strict=True)
    tracker.observe(alone, 0)
    hidden = keras.Model(ids, alone.get_layer("h").output)
    dead = (keras.ops.convert_to_numpy(hidden(x)) <= 0).all(axis=0).mean()
    assert tracker.history["activity/h/dead"].tolist() == [dead]
    both = keras.Model([ids, more], LAYERS.Dense(1)(LAYERS.Concatenate()([embedded, more])))
    two = nl.ActivationTracker(tmp_path / "two", [x, np.ones((40, 2))], strict=True)
    two.observe(both, 0)
    with pytest.raises(ValueError, match=r"the shape \(points, 2\) .*Received: x of shape \(40,\)"):
        tracker.observe(keras.Sequential([more, LAYERS.Dense(1)]), 1)


def test_a_list_of_rows_is_one_array():
    assert TrackedPoints([np.zeros(2), np.ones(2), np.ones(2), np.zeros(2)]).x.shape == (4, 2)


def test_classes_in_the_dict_that_fit_takes():
    points, classes = np.zeros((3, 2)), np.array([[0], [1], [1]])
    assert TrackedPoints(points, {"answer": classes}).labels.tolist() == [0, 1, 1]


X = np.random.default_rng(0).normal(size=(6, 2))
Y = np.arange(6) % 2
FRAMES = {
    "truths beside numbers": lambda frame: frame.assign(c=X[:, 0] > 0),
    "nullable numbers": lambda frame: frame.astype("Float64"),
    "numbers as objects": lambda frame: frame.astype(object),
    "numbers in Arrow's memory": lambda frame: frame.astype("double[pyarrow]"),
}


@pytest.mark.parametrize("made", FRAMES.values(), ids=FRAMES)
def test_frames_whose_columns_numpy_takes_for_objects(made):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = made(pandas.DataFrame(X, columns=["a", "b"]))
    labels = pandas.Series(Y, dtype="Int64").astype("category")
    points = TrackedPoints(frame, labels)
    assert points.x.tolist() == frame.to_numpy(dtype=float).tolist()
    assert points.labels.tolist() == Y.tolist()
    with pytest.raises(TypeError, match="'no' of type str in column 'answer'"):
        TrackedPoints(frame.assign(answer="no"), labels)
