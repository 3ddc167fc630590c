"""Small batches are joined, and what is joined is what was given."""

import numpy as np
import pytest

from normlayers.statistics.gatherer import VALUES_TOGETHER, Gatherer, copied_together, joined
from normlayers.statistics.moments import Moments


def gathered(pairs, together=True):
    """What is passed on of batches and weights, copied as it comes."""
    found = []

    def consume(batch, weight):
        found.append((batch.copy(), None if weight is None else weight.copy()))

    gatherer = Gatherer(consume, together)
    for batch, weight in pairs:
        gatherer.add(batch, weight)
    gatherer.finish()
    return found


@pytest.mark.parametrize("weighted", [False, True])
def test_one_array_filled_again_and_again_is_read_each_time(weighted):
    batch, weight = np.empty((3, 2), "float32"), np.empty(3)

    def filled():
        for number in range(5):
            batch[:], weight[:] = number, 10 * number
            yield batch, weight if weighted else None

    ((joined, weights),) = gathered(filled())
    np.testing.assert_array_equal(joined, np.repeat(np.arange(5.0), 3)[:, None] * [1, 1])
    assert joined.dtype == "float32"
    if weighted:
        np.testing.assert_array_equal(weights, 10 * np.repeat(np.arange(5.0), 3))
    else:
        assert weights is None


@pytest.mark.parametrize("rows", [1, 7, 1000, 30_000])
def test_all_rows_are_passed_on_in_order(rows):
    data = np.arange(100_000.0).reshape(-1, 10)
    data = np.concatenate([data] * 20)
    pieces = gathered((data[i : i + rows], None) for i in range(0, len(data), rows))
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in pieces]), data)
    assert max(batch.size for batch, _ in pieces) < VALUES_TOGETHER + rows * 10
    assert len(pieces) <= data.size / VALUES_TOGETHER + 1


def test_batches_of_another_kind_are_not_joined():
    one = np.ones((2, 3), "float32")
    pairs = [
        (one, None), (one, None), (one.astype("int64"), None), (one[:, :2], None),
        (one, np.ones(2)), (one, np.ones((2, 3))),
    ]  # fmt: skip
    found = gathered(pairs)
    assert [batch.shape for batch, _ in found] == [(4, 3), (2, 3), (2, 2), (2, 3), (2, 3)]
    assert found[1][0].dtype == "int64"
    assert [None if weight is None else weight.shape for _, weight in found[3:]] == [(2,), (2, 3)]


@pytest.mark.parametrize("rows", [1, 7, 1000, 60_000])
def test_a_lists_arrays_are_joined_in_order(rows):
    data = np.arange(1_200_000.0).reshape(-1, 10)
    batches = [data[i : i + rows] for i in range(0, len(data), rows)]
    pieces = [piece.copy() for piece in joined(batches)]
    np.testing.assert_array_equal(np.concatenate(pieces), data)
    assert len(pieces) <= data.size / VALUES_TOGETHER + 1


def test_what_is_no_array_of_one_kind_is_left_as_it_is():
    one, masked = np.ones((2, 3)), np.ma.masked_array(np.ones((2, 3)), mask=True)
    for batches in (
        [masked, masked],
        [one, masked],
        [one, one.astype("float32")],
        [one, one[:, :2]],
        [one[0, 0], one[0, 0]],
        [one.astype(str), one.astype(str)],
        [[1.0], [2.0]],
        [(one, one), (one, one)],
        [{"a": one}, {"a": one}],
    ):
        assert all(a is b for a, b in zip(joined(batches), batches, strict=True))
    assert list(joined([])) == []


def test_arrays_that_shrink_are_all_passed_on():
    """What is joined of them is less than enough, and is written over."""
    batches = [np.full((2**k, 8), float(k), "float32") for k in range(15, -1, -1)] * 3
    moments = Moments()
    gatherer = Gatherer(moments.update)
    for batch in joined(batches):
        gatherer.add(batch, None)
    gatherer.finish()
    whole = np.concatenate(batches).astype(float)
    assert moments.rows == len(whole)
    np.testing.assert_allclose(moments.mean, whole.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.variance, whole.var(axis=0), rtol=1e-12)


def test_nothing_is_joined_where_it_must_not_be():
    assert len(gathered([(np.ones((2, 3)), None)] * 3, together=False)) == 3


@pytest.mark.parametrize("rows", [1, 7, 1000, 60_000])
def test_a_streams_arrays_are_copied_together_in_order(rows):
    data = np.arange(1_200_000.0).reshape(-1, 10)
    batch = np.empty((rows, 10))

    def filled():
        for start in range(0, len(data), rows):
            part = batch[: len(data[start : start + rows])]
            part[:] = data[start : start + rows]
            yield part

    pieces = [piece.copy() for piece in copied_together(filled())]
    np.testing.assert_array_equal(np.concatenate(pieces), data)
    if rows * 10 < VALUES_TOGETHER:
        assert len(pieces) <= data.size / VALUES_TOGETHER + 1


def test_a_streams_other_elements_come_as_they_are_and_in_order():
    one, masked = np.ones((2, 3)), np.ma.masked_array(np.ones((2, 3)), mask=True)
    empty, single, long = one[:0], one[0, 0], np.ones((VALUES_TOGETHER, 1))
    stream = [
        one, one, masked, one, one.astype("int64"), one[:, :2], one[:, :2], {"a": one}, single,
        empty, one, long, one, one,
    ]  # fmt: skip
    found = [
        piece.copy() if type(piece) is np.ndarray and 0 < piece.size < long.size else piece
        for piece in copied_together(iter(stream))
    ]
    shapes = [getattr(piece, "shape", None) for piece in found]
    assert shapes == [
        (4, 3), (2, 3), (2, 3), (2, 3), (4, 2), None, (), (0, 3), (2, 3), long.shape, (4, 3),
    ]  # fmt: skip
    for index, element in ((1, masked), (5, stream[7]), (6, single), (7, empty), (9, long)):
        assert found[index] is element
    assert found[3].dtype == "int64"
    assert list(copied_together(iter([]))) == []
