"""Every source that the README names, as a stream of arrays.

Covers too: gatherer.py, tf_data.py.
"""

import numpy as np
import pytest

from normlayers.statistics import batches as module
from normlayers.statistics.batches import batches, rows_in

X = np.arange(40.0).reshape(20, 2)


def memory_mapped(tmp_path):
    np.save(tmp_path / "x.npy", X)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


def keras_dataset(tmp_path):
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return X[5 * index : 5 * index + 5], np.zeros(5)

    return Batches()


def torch_loader(tmp_path):
    torch = pytest.importorskip("torch")
    labelled = torch.utils.data.TensorDataset(torch.tensor(X), torch.zeros(20))
    return torch.utils.data.DataLoader(labelled, batch_size=6)


def grain_dataset(tmp_path):
    grain = pytest.importorskip("grain")
    return grain.MapDataset.source(X).batch(4)


def tensor_of(library, function):
    def make(tmp_path):
        return function(pytest.importorskip(library))

    return make


SOURCES = {
    "memory-mapped array": memory_mapped,
    "pandas frame": lambda _: pytest.importorskip("pandas").DataFrame(X, index=range(9, 29)),
    "polars frame": lambda _: pytest.importorskip("polars").DataFrame({"a": X[:, 0], "b": X[:, 1]}),
    "sparse matrix": lambda _: pytest.importorskip("scipy.sparse").coo_array(X),
    "keras PyDataset": keras_dataset,
    "torch DataLoader": torch_loader,
    "grain data set": grain_dataset,
    "torch tensor": tensor_of("torch", lambda torch: torch.tensor(X, requires_grad=True)),
    "jax array": tensor_of("jax.numpy", lambda jnp: jnp.asarray(X)),
    "tensorflow tensor": tensor_of("tensorflow", lambda tf: tf.constant(X)),
    "tuples with weights": lambda _: [(X[:9], "y", "w"), (X[9:], "y", "w")],
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("small_pieces", [False, True])
def test_every_source_gives_all_rows_in_order(name, small_pieces, tmp_path, monkeypatch):
    if small_pieces:
        monkeypatch.setattr(module, "VALUES_PER_VIEW", 6)
        monkeypatch.setattr(module, "VALUES_PER_COPY", 6)
    source = SOURCES[name](tmp_path)
    np.testing.assert_array_equal(np.concatenate(list(batches(source))), X)


def test_columns_may_have_the_names_of_what_tensors_can_do():
    pandas = pytest.importorskip("pandas")
    (piece,) = batches(pandas.DataFrame({"detach": X[:, 0], "row_splits": X[:, 1]}))
    np.testing.assert_array_equal(piece, X)


def test_series_are_one_dimensional():
    pandas = pytest.importorskip("pandas")
    (piece,) = batches(pandas.Series([1.0, 2.0]))
    assert piece.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("labelled", [False, True])
def test_tensorflow_joins_batches_itself(labelled):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, X[:, 0]) if labelled else X).batch(3)
    (joined,) = batches(data, join=True)
    np.testing.assert_array_equal(joined, X)
    (first_two,) = batches(data, steps=2, join=True)
    np.testing.assert_array_equal(first_two, X[:6])


def test_batches_of_changing_length_are_not_joined():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_generator(
        lambda: (np.zeros((2, length, 1)) for length in (3, 5)),
        output_signature=tf.TensorSpec((None, None, 1), tf.float64),
    )
    assert [batch.shape for batch in batches(data, join=True)] == [(2, 3, 1), (2, 5, 1)]


def test_dicts_of_arrays_and_of_batches():
    whole = list(batches({"a": X, "b": X[:, 0]}, batch_size=15))
    assert [(len(batch["a"]), len(batch["b"])) for batch in whole] == [(15, 15), (5, 5)]
    (batch,) = batches([({"a": X}, "labels")])
    np.testing.assert_array_equal(batch["a"], X)
    assert rows_in({"a": X}) == 20


def test_a_source_that_fails_half_way_says_so_itself():
    def failing():
        yield X
        raise OSError("the disk is gone")

    stream = batches(failing())
    next(stream)
    with pytest.raises(OSError, match="the disk is gone"):
        next(stream)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_as_dicts_of_columns(library):
    frame = pytest.importorskip(library).DataFrame({"a": X[:, 0], "b": X[:, 1], "c": ["no"] * 20})
    sources = (frame, (frame, X[:, 0]), [frame[:9], frame[9:]], [(frame[:9], 1), (frame[9:], 2)])
    for source in sources:
        read = list(batches(source, columns=["b"]))
        assert all(list(batch) == ["b"] for batch in read)
        np.testing.assert_array_equal(np.concatenate([batch["b"] for batch in read]), X[:, 1])
    with pytest.raises(KeyError, match="no key 'd'; they have 'a', 'b', 'c'"):
        batches(frame, columns=["d"])


def _datasets():
    from tensorflow.data import Dataset

    rows = Dataset.from_tensor_slices({"a": X, "b": X[:, 0]})
    vectors = Dataset.from_tensor_slices({"a": X, "b": X[:, :1]})
    alike = {"a": X, "c": X}
    return {
        "single values among the entries": rows,
        "vectors of different lengths": vectors,
        "labels that are single values": Dataset.from_tensor_slices((alike, X[:, 0])),
        "batches": rows.batch(6),
        "batches of known length": rows.batch(5, drop_remainder=True),
    }


@pytest.mark.parametrize("name", list(_datasets()))
def test_tf_data_of_dicts_batched_or_not(name):
    read = list(batches(_datasets()[name], batch_size=7, columns=["a"]))
    np.testing.assert_array_equal(np.concatenate([batch["a"] for batch in read]), X)


def test_columns_of_a_batch_have_one_length():
    from tensorflow.data import Dataset

    rows = [{"a": X[i], "b": X[i, :1]} for i in range(len(X))]
    of_rows = Dataset.from_generator(lambda: rows, output_types={"a": "float64", "b": "float64"})
    uneven = [{"a": X[:6], "b": X[:6]}, {"a": X[6:], "b": X[6:9]}]
    for data in (rows, of_rows, iter(uneven), [(batch, 0) for batch in uneven]):
        with pytest.raises(ValueError, match=r"arrays of one length. Received: lengths {'a': "):
            list(batches(data))
    assert len(list(batches(uneven, columns=["a"]))) == 2


def test_tf_data_whose_rows_cannot_be_known_are_refused():
    from tensorflow.data import Dataset

    for data in (
        Dataset.from_tensor_slices({"a": X}),
        Dataset.from_tensor_slices({"a": X[:, 0]}).batch(2, drop_remainder=True),
    ):
        with pytest.raises(ValueError, match=r"rows of 2 features, or batches of 2 rows"):
            list(batches(data))
    (batch,) = batches(Dataset.from_tensor_slices({"a": X}).batch(20))
    np.testing.assert_array_equal(batch["a"], X)
