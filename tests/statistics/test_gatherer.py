"""Small batches are joined, and what is joined is what was given."""

import numpy as np
import pytest

from normlayers.statistics.gatherer import VALUES_TOGETHER, Gatherer


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


def test_lasting_batches_are_not_copied():
    batch, seen = np.ones((2, 3)), []
    gatherer = Gatherer(lambda batch, weight: seen.append(batch), lasting=True)
    gatherer.add(batch, None)
    gatherer.finish()
    assert seen[0] is batch


def test_nothing_is_joined_where_it_must_not_be():
    assert len(gathered([(np.ones((2, 3)), None)] * 3, together=False)) == 3
