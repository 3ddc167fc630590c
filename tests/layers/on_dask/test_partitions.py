"""What counts as a Dask collection, and how weights are cut as it is."""

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from normlayers.layers.on_dask.partitions import aligned, is_on_dask, partitions

X = np.arange(20.0).reshape(10, 2)


def test_known_by_what_it_can_do():
    array = da.from_array(X, chunks=4)
    frame = dd.from_pandas(pd.DataFrame(X), npartitions=2)
    bag = db.from_sequence([1, 2], npartitions=2)
    for data in (array, frame, frame[0], bag, dask.delayed(X), [dask.delayed(X)], {"a": array}):
        assert is_on_dask(data)
        assert is_on_dask((data, X))
    for data in (X, [X], [], (), None, {}, {"a": X}, pd.DataFrame(X), 3, "text", iter([X])):
        assert not is_on_dask(data)


def test_arrays_are_cut_along_their_rows_only():
    found = partitions(da.from_array(X, chunks=(4, 1)))
    assert found.rows == [4, 4, 2]
    assert [part.shape for part in dask.compute(*found.parts)] == [(4, 2), (4, 2), (2, 2)]


def test_weights_are_cut_as_the_data():
    data = partitions(da.from_array(X, chunks=(4, 2)))
    for given in (X[:, 0], X[:, 0].tolist(), da.from_array(X[:, 0], chunks=3)):
        cut = dask.compute(*aligned(given, data, "mask"))
        assert [part.tolist() for part in cut] == [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18]]
    assert aligned(None, data, "mask") == [None] * 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.ones(9), "mask must have the data's rows. Received: 9 rows for data of 10"),
        (da.ones(9), "mask must have the data's rows. Received: 9 rows for data of 10"),
        ([dask.delayed(X)], "mask must have the partitions of the data. Received: 1 partitions"),
    ],
)
def test_weights_that_cannot_be_cut(given, says):
    with pytest.raises(ValueError, match=says):
        aligned(given, partitions(da.from_array(X, chunks=(4, 2))), "mask")


def test_weights_in_memory_need_rows_that_are_known():
    data = partitions(dd.from_pandas(pd.DataFrame(X), npartitions=2))
    with pytest.raises(
        ValueError, match="rows of the data's partitions are not known; pass a Dask"
    ):
        aligned(np.ones(10), data, "sample_weight")
    with pytest.raises(ValueError, match="Received: 1 partitions for data of 2"):
        aligned([np.ones(10)], data, "sample_weight")
    assert len(aligned([np.ones(5), np.ones(5)], data, "sample_weight")) == 2


def test_columns_of_other_partitions():
    one, other = da.from_array(X, chunks=(4, 2)), da.from_array(X, chunks=(5, 2))
    with pytest.raises(ValueError, match=r"must have the same partitions. Received: .*4, 4, 2"):
        partitions({"a": one, "b": other})
    with pytest.raises(
        TypeError, match=r"Dask collections only, or none. Received: ndarray for 'b'"
    ):
        partitions({"a": one, "b": X})
    assert partitions({"a": one, "b": one + 1}).rows == [4, 4, 2]
