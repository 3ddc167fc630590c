"""Networks in chunks are the same whatever trains beside them; see also test_compiled_training."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normlayers.ensembles.ensemble import GROUP, _groups_of, train_ensemble
from normlayers.ensembles.stacked_network import Architecture
from normlayers.experiments.data.circles import circles

ARTICLE = Architecture()


def trained(networks, **options):
    x, y = circles()
    chunks = list(train_ensemble(ARTICLE, x, y, networks, **{"epochs": 2, **options}))
    assert [chunk.first for chunk in chunks] == [
        sum(chunk.end[0]["bias"].shape[-1] for chunk in chunks[:n]) for n in range(len(chunks))
    ]
    return [
        np.concatenate([chunk.end[depth][name] for chunk in chunks], axis=-1)
        for depth in range(2)
        for name in ("kernel", "bias")
    ]


def test_a_network_is_the_same_whatever_trains_beside_it():
    alone, chunked, more = trained(1), trained(150, chunk=64), trained(200)
    for a, b, c in zip(alone, chunked, more, strict=True):
        assert a.shape[-1] == 1
        np.testing.assert_allclose(a, c[..., :1], atol=1e-5)
        np.testing.assert_allclose(b, c[..., :150], atol=1e-5)


def test_the_seed_tells_and_every_network_is_another():
    first, again, other = trained(100), trained(100), trained(100, seed=1)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any(axis=tuple(range(a.ndim - 1))).all()
    assert len(np.unique(first[0].reshape(4, -1), axis=1).T) == 100


@given(networks=st.integers(1, 10_000), most=st.integers(1, 300))
def test_chunks_hold_every_group_once(networks, most):
    chunks = _groups_of(networks, most)
    assert [g for chunk in chunks for g in chunk] == list(range(-(-networks // GROUP)))
    assert max(map(len, chunks)) <= most
    assert all(len(a) == len(chunks[0]) for a, _ in pairwise(chunks))


def test_progress_counts_every_epoch_of_every_network():
    told = []
    trained(130, epochs=120, chunk=64, advance=told.append)
    assert sum(told) == 130 * 120
    assert len(told) > 3


def test_leaving_early_ends_the_training():
    x, y = circles()
    chunks = train_ensemble(ARTICLE, x, y, 10_000_000, epochs=1, chunk=64)
    assert next(chunks).first == 0
    chunks.close()


def test_without_a_batch_size_a_step_takes_all_points():
    whole, all_of_them = (trained(64, batch_size=size) for size in (None, len(circles()[0])))
    for a, b in zip(whole, all_of_them, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"networks": 0}, "networks must be a positive integer. Received: networks=0"),
        ({"networks": 2.5}, "networks must be a positive integer"),
        ({"epochs": -1}, "epochs must be a positive integer. Received: epochs=-1"),
        ({"batch_size": 0}, "batch_size must"),
        ({"chunk": 0}, "chunk must"),
        ({"x": np.zeros((5, 3))}, r"x must be of shape \(points, 2\)"),
        ({"y": np.zeros(4)}, r"y of shape \(points,\)"),
        ({"x": np.full((5, 2), np.nan)}, "x must be finite"),
        ({"y": np.full(5, 2)}, "y classes from 0 to 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(options, says):
    arguments = {"x": np.zeros((5, 2)), "y": np.ones(5), "networks": 1, "epochs": 1, **options}
    with pytest.raises(ValueError, match=says):
        train_ensemble(ARTICLE, **arguments)


def test_more_points_in_a_batch_than_there_are():
    assert np.isfinite(trained(3, batch_size=1000)[0]).all()
