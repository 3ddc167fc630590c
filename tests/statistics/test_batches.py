"""Sources of data as streams of arrays."""

import numpy as np
import pytest

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


def test_batch_size_and_steps():
    assert [len(piece) for piece in batches(X, batch_size=4, steps=2)] == [4, 4]


@pytest.mark.parametrize(
    ("data", "options", "error", "says"),
    [
        (X, {"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        (X, {"steps": -1}, ValueError, "steps must be at least 1"),
        ("text", {}, TypeError, "Received: str"),
        ({"a": X, "b": X[:3]}, {}, ValueError, "arrays of one length"),
        (3, {}, TypeError, "Received: int"),
        (np.float64(3), {}, ValueError, "must have rows"),
        ([1.0, 2.0], {}, TypeError, "must yield batches"),
    ],
)
def test_refuses(data, options, error, says):
    with pytest.raises(error, match=says):
        list(batches(data, **options))
