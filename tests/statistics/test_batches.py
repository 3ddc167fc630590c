"""Sources of data as streams of arrays."""

import numpy as np
import pytest
import scipy.sparse

from normlayers.statistics import batches as module
from normlayers.statistics.batches import batches

X = np.arange(20.0).reshape(10, 2)


def sources():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(X)
    return {
        "array": X,
        "tensor": tf.constant(X),
        "list of arrays": [X[:3], X[3:]],
        "generator": (X[i : i + 4] for i in range(0, 10, 4)),
        "dataset": dataset.batch(3),
        "dataset of single rows": dataset,
        "dataset with labels": tf.data.Dataset.zip((dataset, dataset)).batch(4),
        "tuples": [(X[:5], "labels"), (X[5:], "labels")],
    }


@pytest.mark.parametrize("name", list(sources()))
def test_every_source_gives_all_rows_in_order(name):
    np.testing.assert_array_equal(np.concatenate(list(batches(sources()[name]))), X)


def test_large_arrays_are_read_in_pieces(monkeypatch):
    monkeypatch.setattr(module, "VALUES_PER_VIEW", 6)
    assert [len(piece) for piece in batches(X)] == [3, 3, 3, 1]


@pytest.mark.parametrize(
    "rows", [[[1, 2], [3, 4]], [[1.0, None], [3.0, 4.0]], [[True], [False]], [1, 2.5]]
)
def test_nested_lists_of_numbers_are_tables(rows):
    (table,) = batches(rows)
    np.testing.assert_array_equal(table, np.array(rows, float))


def test_deeper_lists_hold_batches():
    first, second = batches([[[1, 2], [3, 4]], [[5, 6]]])
    assert (first.tolist(), second.tolist()) == ([[1, 2], [3, 4]], [[5, 6]])


def test_columns_that_are_not_asked_for_are_not_read():
    data = {"a": [1, 2, 3], "name": ["x", "y", "z"], "short": X[:1]}
    for source in (data, (data, "labels"), [data], [(data, "labels")]):
        (batch,) = batches(source, columns=["a"])
        assert {key: column.tolist() for key, column in batch.items()} == {"a": [1, 2, 3]}


def test_a_tuple_of_named_data_and_labels():
    first, labels = {"a": X[:4]}, {"y": X[:4, 0]}
    assert [len(batch["a"]) for batch in batches((first, labels))] == [4]


@pytest.mark.parametrize(
    "data", [(X, X), (X, X[:, 0]), ({"a": X}, {"a": X}), (X,), ((1.0, 2.0), (3.0, 4.0))]
)
def test_a_tuple_that_may_hold_labels_or_batches_is_refused(data):
    with pytest.raises(TypeError, match="first entry where the others are labels, or a list of b"):
        batches(data)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "bsr", "dia", "dok"])
def test_every_sparse_format(kind):
    dense = X * (X > 0)
    sparse = getattr(scipy.sparse, f"{kind}_matrix")(dense)
    for source in (sparse, [sparse[:5], sparse[5:]] if kind in ("csr", "lil", "dok") else sparse):
        assert np.array_equal(np.concatenate(list(batches(source))), dense)
    (batch,) = batches([(sparse, "labels")])
    assert np.array_equal(batch, dense)
    (batch,) = batches({"a": sparse}, columns=["a"])
    assert np.array_equal(batch["a"], dense)


def test_batch_size_and_steps():
    assert [len(piece) for piece in batches(X, batch_size=4, steps=2)] == [4, 4]


@pytest.mark.parametrize(
    ("data", "options", "error", "says"),
    [
        (X, {"batch_size": 0}, ValueError, "batch_size must be a positive integer"),
        (X, {"batch_size": 1.5}, ValueError, "Received: batch_size=1.5"),
        (X, {"steps": -1}, ValueError, "steps must be a positive integer"),
        ("text", {}, TypeError, "Received: str"),
        ({"a": X, "b": X[:3]}, {}, ValueError, "arrays of one length"),
        (3, {}, TypeError, "Received: int"),
        (np.float64(3), {}, ValueError, "must have rows"),
        (iter([1.0, 2.0]), {}, TypeError, "must yield batches"),
        (iter([[1.0, 2.0]]), {}, TypeError, "a list of rows"),
        ([[1.0, 2.0], [3.0]], {}, ValueError, "must have one length"),
        ({"a": X}, {"columns": ["b"]}, KeyError, "no key 'b'; they have 'a'"),
    ],
)
def test_refuses(data, options, error, says):
    with pytest.raises(error, match=says):
        list(batches(data, **options))


@pytest.mark.parametrize("element", [((X, X[:, :1]), X), [[X, X], X], ((X, X), X)])
def test_several_inputs_without_names_are_not_pooled(element):
    with pytest.raises(TypeError, match=r"dict of them by their names.* 2 inputs without names"):
        next(batches(iter([element])))


def test_a_data_set_without_an_end_is_read_for_so_many_batches():
    class Endless:
        num_batches = None

        def __getitem__(self, index):
            return np.full((2, 3), index), np.zeros(2)

    assert [int(x[0, 0]) for x in batches(Endless(), steps=3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="a PyDataset whose num_batches is None"):
        batches(Endless())


def test_a_repeated_data_set_is_read_for_so_many_batches():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(X).batch(2)
    assert len(list(batches(data.repeat(), steps=9))) == 9
    assert len(list(batches(data.repeat(3)))) == 3 * -(-len(X) // 2)
    with pytest.raises(ValueError, match=r"of infinite cardinality, as after repeat\(\)"):
        batches(data.repeat())
