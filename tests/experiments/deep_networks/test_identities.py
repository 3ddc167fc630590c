"""What batch normalization takes away and gives back, in closed form."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.experiments.deep_networks.identities import (
    NETWORKS,
    PLACEMENTS,
    ROUNDING,
    moved_by_biases,
    undone,
)


def normalized(z, gamma, beta, epsilon=1e-3):
    return gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + epsilon) + beta


def test_gamma_and_beta_undo_the_normalization():
    """Exactly so in float64, but for rounding in the layer."""
    z = np.random.default_rng(0).normal(3, 2, (50, 4))
    back = normalized(z, np.sqrt(z.var(axis=0) + 1e-3), z.mean(axis=0))
    np.testing.assert_allclose(back, z, rtol=1e-13)
    assert undone(0).max() < ROUNDING
    assert (undone(0) > 0).any()


def test_biases_move_nothing_before_and_much_after_the_activation():
    z = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_allclose(normalized(z + 7, 2, 1), normalized(z, 2, 1), rtol=1e-10, atol=1e-12)
    assert abs(normalized(np.tanh(z + 7), 2, 1) - normalized(np.tanh(z), 2, 1)).max() > 0.1
    for placement, least, most in (("pre", 0, ROUNDING), ("post", 0.1, np.inf)):
        found = moved_by_biases(placement, seed=0, width=4)
        assert set(found) == {"relu", "sigmoid", "tanh"}
        for moved in found.values():
            assert moved.shape == (NETWORKS,)
            assert ((moved >= least) & (moved < most)).all()


def test_networks_that_biases_do_not_move_may_lose_them():
    """By the package's own tool, which finds idle biases in the graph."""
    for placement in PLACEMENTS:
        model = keras.Sequential(
            [
                keras.Input((3,)),
                keras.layers.Dense(4, bias_initializer="random_normal"),
                nl.BatchNormalization(activation="tanh", placement=placement),
            ]
        )
        lost = not nl.without_idle_bias(model).layers[0].use_bias
        moved = moved_by_biases(placement, seed=1, width=4)["tanh"]
        assert lost == (np.median(moved) < ROUNDING)


@pytest.mark.parametrize("measure", [undone, lambda seed: moved_by_biases("post", seed, 4)["relu"]])
def test_the_seed_says_all(measure):
    np.testing.assert_array_equal(measure(3), measure(3))
    assert (measure(3) != measure(4)).any()
