"""Merging in any tree, against exact fractions."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from normlayers.statistics.moments import Moments


def merged_in_some_tree(parts, random):
    """All of them merged, two by two at random, into either one."""
    while len(parts) > 1:
        one = parts.pop(random.randrange(len(parts)))
        parts[random.randrange(len(parts))].merge(one)
    return parts[0]


def counted(rows):
    moments = Moments()
    moments.update(rows)
    return moments


@given(
    x=hnp.arrays(np.int64, st.tuples(st.integers(2, 60), st.just(2)), elements=st.integers(0, 255)),
    offset=st.sampled_from([0, 10**6, -(10**12)]),
    random=st.randoms(use_true_random=False),
)
def test_of_integers_every_partition_and_tree_gives_the_same_bits(x, offset, random):
    x = x + offset
    cuts = sorted(random.sample(range(1, len(x)), random.randrange(len(x) - 1)))
    found = merged_in_some_tree([counted(rows) for rows in np.split(x, cuts)], random)
    for feature in range(2):
        values = [Fraction(int(value)) for value in x[:, feature]]
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        # Rounded once: what float() makes of the exact result.
        assert found.mean[feature] == float(mean)
        assert found.variance[feature] == float(variance)


def test_thousands_of_merges_add_nothing():
    """One row at a time, a drifting mean: as many merges as rows, and no error but the last."""
    x = np.random.default_rng(0).normal(size=(5000, 1)) + np.linspace(1e8, 1e8 + 50, 5000)[:, None]
    moments = Moments()
    for row in x:
        moments.merge(counted(row[None]))
    values = [Fraction(float(value)) for value in x[:, 0]]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    assert moments.mean[0] == float(mean)
    assert moments.variance[0] == float(variance)
