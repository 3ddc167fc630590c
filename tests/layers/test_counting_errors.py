"""Counting that has nothing to count, or too much.

Covers too: counting.py.
"""

import threading

import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, X, adapted, statistics


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_is_gone_where_adapt_was_refused(kind):
    """Also while the error is at hand, as in a notebook."""
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="features") as kept:
        kind().adapt(iter([X, X[:, :1], X]), verbose=True)
    for other in set(threading.enumerate()) - before:
        other.join(timeout=5)  # which is told to end, and does after what it is drawing
        assert not other.is_alive()
    assert kept.value.__traceback__ is not None


@pytest.mark.parametrize("kind", KINDS)
def test_finalizing_nothing_is_an_error(kind):
    layer = kind()
    with pytest.raises(ValueError, match=r"finalize_state\(\): there are no data"):
        layer.finalize_state()
    layer.build((None, 3))
    with pytest.raises(ValueError, match=r"finalize_state\(\): there are no data"):
        layer.finalize_state()
    whole = adapted(kind)
    before = [np.copy(entry) for entry in statistics(whole)]
    whole.finalize_state()
    for kept, was in zip(statistics(whole), before, strict=True):
        np.testing.assert_array_equal(kept, was)


@pytest.mark.parametrize("kind", KINDS)
def test_one_layer_can_be_merged_as_it_is(kind):
    layer, other = adapted(kind, X[:40]), adapted(kind, X[40:])
    layer.merge_state(other)
    layer.finalize_state()
    for ours, expected in zip(statistics(layer), statistics(adapted(kind)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)
    with pytest.raises(TypeError, match=r"merge_state\(\): .*Received: int"):
        layer.merge_state(3)
    values = ("mean", "variance") if kind is nl.Standardize else ("minimum", "maximum")
    given = kind(**dict.fromkeys(values, 1.0), name="given")
    with pytest.raises(RuntimeError, match="'given' was given its statistics"):
        layer.merge_state([given])


@pytest.mark.parametrize("kind", KINDS)
def test_the_features_without_data_are_named(kind):
    x = X.copy()
    x[:, 1:] = np.nan
    with pytest.raises(ValueError, match=r"feature 1 has no data.*\(and so has 1 more\)"):
        adapted(kind, x, missing="ignore")
    with pytest.raises(ValueError, match="feature 2 has no data: all of it is masked out"):
        kind().adapt(X, mask=np.broadcast_to([True, True, False], X.shape))
    with pytest.raises(ValueError, match="there are no data"):
        kind().adapt(X, sample_weight=np.zeros(60))


def test_numbers_too_large_for_their_type_or_their_squares():
    huge = np.array([[1.0, -1e300], [2.0, 1e300]])
    with pytest.raises(ValueError, match=r"feature 1 has values too far apart.*divide the data"):
        nl.Standardize(dtype="float64").adapt(huge)
    layer = adapted(nl.Standardize, X[:, :2])
    before = layer.mean.copy()
    with pytest.raises(ValueError, match="too far apart"):
        layer.update_state(huge)
    layer.finalize_state()
    np.testing.assert_array_equal(layer.mean, before)
    for kind, data in ((nl.MinMaxScale, huge), (nl.Standardize, np.full((2, 2), [1.0, 1e300]))):
        with pytest.raises(ValueError, match=r"feature 1 has a .* too large for float32"):
            kind().adapt(data)
    if BACKEND != "jax":
        y = output(adapted(nl.MinMaxScale, huge, dtype="float64"), huge)
        np.testing.assert_allclose(y, [[0, 0], [1, 1]])
