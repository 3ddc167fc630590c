import numpy as np
import pytest

from normlayers.statistics.counts import check_counts


@pytest.mark.parametrize("value", [1, np.int64(7), 2**70])
def test_whole_numbers_may_be(value):
    check_counts(steps=value)
    check_counts(steps=value, least=0)
    check_counts(steps=0, least=0)


@pytest.mark.parametrize("value", [0, -1, np.int8(-3), True, np.True_, 1.0, "1", None, [1]])
def test_nothing_else_may(value):
    with pytest.raises(ValueError, match=r"^steps must be a positive integer\. Received: steps="):
        check_counts(batch_size=1, steps=value)


def test_none_stands_for_one_where_it_may():
    check_counts(steps=None, optional=True)
    with pytest.raises(ValueError, match="seed must be a non-negative integer"):
        check_counts(seed=-1, least=0, optional=True)


def test_of_an_array_a_few_values_are_said():
    with pytest.raises(ValueError, match="positive integer") as raised:
        check_counts(steps=list(range(1000)))
    assert len(str(raised.value)) < 120
