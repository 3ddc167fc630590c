"""Orders of points: each holds every point once, and none is likelier than another."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers.ensembles import shuffled_orders
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.shuffled_orders import (
    _orders,
    initial_weights,
    permuted_orders,
    sorted_orders,
)
from normlayers.ensembles.stacked_network import Architecture

SIZE = 64
FIFTY = np.arange(50)


@given(points=st.integers(1, 700), epochs=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_orders_hold_every_point_once(points, epochs, seed):
    orders = _orders(np.random.default_rng(seed), SIZE, np.arange(points), epochs)
    assert orders.shape == (epochs, points, SIZE)
    np.testing.assert_array_equal(
        np.sort(orders, axis=1), np.tile(np.arange(points)[:, None], (epochs, 1, SIZE))
    )
    for order in islice(permuted_orders(seed, 3, 4, points), epochs):
        assert order.shape == (1, 4, points)
        np.testing.assert_array_equal(np.sort(order, axis=2), np.tile(np.arange(points), (1, 4, 1)))


def test_every_order_is_as_likely_as_another():
    orders = _orders(np.random.default_rng(0), SIZE, np.arange(4), 1500)
    _, counts = np.unique(orders.transpose(0, 2, 1).reshape(-1, 4), axis=0, return_counts=True)
    assert len(counts) == 24
    expected = 1500 * SIZE / 24
    # Chi-squared of 23 degrees: over 50 once in a thousand times.
    assert np.sum((counts - expected) ** 2 / expected) < 50


def test_a_groups_orders_are_its_own_whatever_the_others(monkeypatch):
    both, alone = (
        np.concatenate(list(sorted_orders(7, groups, SIZE, FIFTY, 20)))[:20]
        for groups in (range(2, 4), range(3, 4))
    )
    np.testing.assert_array_equal(both[..., SIZE:], alone)
    monkeypatch.setattr(shuffled_orders, "ORDERS_KEPT", 0)
    drawn = np.concatenate(list(sorted_orders(7, range(2, 4), SIZE, FIFTY, 20)))[:20]
    np.testing.assert_array_equal(drawn, both)


@pytest.mark.parametrize("kept", [0, 10**9])
def test_points_are_shuffled_alike_whatever_they_are_called(monkeypatch, kept):
    monkeypatch.setattr(shuffled_orders, "ORDERS_KEPT", kept)
    numbers = np.random.default_rng(1).permutation(50)
    plain, called = (
        np.concatenate(list(sorted_orders(7, range(2), SIZE, names, 20)))
        for names in (FIFTY, numbers)
    )
    assert called.dtype == plain.dtype == np.uint8
    np.testing.assert_array_equal(called, numbers[plain])


@pytest.mark.parametrize(("at_once", "sorted_at_once"), [(10**6, 1), (7 * SIZE * 50, 10**6)])
def test_orders_are_the_same_however_many_are_made_at_a_time(monkeypatch, at_once, sorted_at_once):
    monkeypatch.setattr(shuffled_orders, "ORDERS_KEPT", 0)
    usual = np.concatenate(list(sorted_orders(7, range(2), SIZE, FIFTY, 20)))
    monkeypatch.setattr(shuffled_orders, "ORDERS_IN_A_ROUND", at_once)
    monkeypatch.setattr(shuffled_orders, "SORTED_AT_ONCE", sorted_at_once)
    parts = list(sorted_orders(7, range(2), SIZE, FIFTY, 20))
    assert len({part.shape for part in parts}) == 1  # a program is compiled for each shape
    orders = np.concatenate(parts)
    np.testing.assert_array_equal(orders[:20], usual[:20])


@pytest.mark.parametrize("networks", [Architecture(), Classifier(2, (3,), 2)])
def test_a_groups_weights_are_its_own_whatever_the_others(networks):
    both, alone = (initial_weights(networks, 5, groups, 4) for groups in ((0, 1), (0,)))
    for here, there in zip(networks.first(both, 4), alone, strict=True):
        for name, array in there.items():
            np.testing.assert_array_equal(here[name], array)
