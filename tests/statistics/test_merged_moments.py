"""Merging in any tree, against exact fractions."""

import copy
import pickle
import warnings
from fractions import Fraction

import numpy as np
import pytest
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


@given(
    x=hnp.arrays(
        np.float64, st.tuples(st.integers(2, 40), st.just(2)), elements=st.floats(-1e3, 1e3)
    ),
    weighted=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_reading_between_batches_changes_nothing(x, weighted, random):
    """Batches wait to be merged, and are read, pickled, copied and merged as if they did not."""
    cuts = sorted(random.sample(range(1, len(x)), random.randrange(len(x) - 1)))
    moments, seen = Moments(), 0
    for rows in np.split(x, cuts):
        moments.update(rows, np.full(len(rows), 2.0) if weighted else None)
        seen += len(rows)
        if random.random() < 0.3:
            moments = random.choice((
                copy.deepcopy,
                lambda found: pickle.loads(pickle.dumps(found)),
                lambda found: Moments.from_state(found.state()),
            ))(moments)  # fmt: skip
        if random.random() < 0.3:
            assert moments.rows == seen
            assert (moments.count == seen * (2 if weighted else 1)).all()
            np.testing.assert_allclose(moments.mean, x[:seen].mean(axis=0), atol=1e-10)
    once = counted(x)
    np.testing.assert_allclose(moments.mean, once.mean, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(moments.variance, once.variance, rtol=1e-11, atol=1e-200)


def test_many_batches_are_merged_in_time():
    """Waiting batches take little memory, however many there are and however wide."""
    narrow, wide = Moments(), Moments()
    for number in range(1000):
        narrow.update(np.full((1, 3), number))
    for number in range(20):
        wide.update(np.full((1, 40_000), number))
    assert len(pickle.dumps(narrow)) < 50_000
    assert len(pickle.dumps(wide)) < 40_000 * 8 * (8 + 3 * 5)
    assert (narrow.count.tolist(), narrow.mean.tolist()) == ([1000] * 3, [499.5] * 3)
    assert (wide.count.min(), wide.mean.max()) == (20, 9.5)


@pytest.mark.parametrize("first", [0.0, 1e160, -1e160])
def test_what_overflows_is_refused_when_it_comes(first):
    moments = Moments()
    moments.update([[first]])
    moments.update([[first]])
    with pytest.raises(ValueError, match="too far apart"):
        moments.update([[first + 2e160 if first else 3e160]])
    assert (moments.rows, moments.mean.item(), moments.variance.item()) == (2, first, 0)
    moments.update([[first]], weight=[1e-300])
    assert (moments.rows, moments.mean.item(), moments.variance.item()) == (3, first, 0)


def test_the_largest_numbers_warn_of_nothing():
    """What overflows on the way to a refusal, or to none, is nobody's business."""
    moments = Moments()
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        moments.update([[1.7e308]])
        moments.update([[1.7e308]])
        with pytest.raises(ValueError, match="too far apart"):
            moments.update([[5e-324]])
    assert (moments.rows, moments.mean.item(), moments.variance.item()) == (2, 1.7e308, 0)
