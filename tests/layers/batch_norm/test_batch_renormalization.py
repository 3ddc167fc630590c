"""Batch renormalization, against algorithm 1 of Ioffe (2017)."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output, weights
from tests.layers.derivatives import float64

RNG = np.random.default_rng(0)


class Twos(keras.initializers.Initializer):
    """Not registered, so that only its class can make another."""

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, 2.0, dtype=dtype)


def test_renorm_with_an_initializer_of_ones_own():
    layer = nl.BatchNormalization(renorm=True, moving_variance_initializer=Twos())
    layer.build((2, 3))
    assert weights(layer)["moving_stddev"].tolist() == pytest.approx([2**0.5] * 3)
    function = nl.BatchNormalization(
        renorm=True, moving_mean_initializer=lambda s, dtype: keras.ops.ones(s)
    )
    function.build((2, 3))
    assert weights(function)["renorm_mean"].tolist() == [1, 1, 1]


def test_renorm_limits_of_none_do_not_limit():
    x = RNG.normal(5, 3, size=(20, 2)).astype("float32")
    limited, free = (
        output(nl.BatchNormalization(renorm=True, renorm_clipping=limits), x, training=True)
        for limits in ({"rmin": None, "dmax": None}, None)
    )
    np.testing.assert_array_equal(limited, free)


@pytest.mark.parametrize("limits", [None, {"rmin": 0.7, "rmax": 1.1, "dmax": 0.3}], ids=str)
def test_renorm_in_double_precision(limits):
    """Against algorithm 1 of Ioffe (2017), step by step."""
    epsilon = 0.3  # the root of it, a float64, bounds the first channel's sigma
    clip = {"rmin": 0.0, "rmax": np.inf, "dmax": np.inf} | (limits or {})
    with float64():
        layer = nl.BatchNormalization(
            epsilon=epsilon, momentum=0.9, renorm=True, renorm_clipping=limits,
            renorm_momentum=0.8, moving_variance_initializer="zeros", dtype="float64",
        )  # fmt: skip
        layer.build((64, 3))
        mean, sigma, moving_mean, moving_sigma = np.zeros((4, 3))
        for _ in range(3):
            x = RNG.normal(5, 3, size=(64, 3)) * [0, 1, 10]
            y = output(layer, x, training=True)
            mu, batch_sigma = x.mean(axis=0), np.sqrt(x.var(axis=0) + epsilon)
            divisor = np.maximum(sigma, np.sqrt(epsilon))
            r = np.clip(batch_sigma / divisor, clip["rmin"], clip["rmax"])
            d = np.clip((mu - mean) / divisor, -clip["dmax"], clip["dmax"])
            expected = (x - mu) / batch_sigma * r + d
            np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)
            mean, sigma = 0.8 * mean + 0.2 * mu, 0.8 * sigma + 0.2 * batch_sigma
            moving_mean = 0.9 * moving_mean + 0.1 * mu
            moving_sigma = 0.9 * moving_sigma + 0.1 * batch_sigma
        for name, true in {
            "renorm_mean": mean, "renorm_stddev": sigma, "moving_mean": moving_mean,
            "moving_stddev": moving_sigma, "moving_variance": moving_sigma**2 - epsilon,
        }.items():  # fmt: skip
            expected = np.maximum(true, 0) if name == "moving_variance" else true
            np.testing.assert_allclose(weights(layer)[name], expected, rtol=1e-13, atol=1e-14)


def test_an_empty_batch_moves_nothing_with_renorm_either():
    layer = nl.BatchNormalization(renorm=True)
    layer.build((None, 2))
    before = layer.get_weights()
    layer(np.zeros((0, 2), "float32"), training=True)
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_renorm_of_a_constant_channel_is_beta_without_epsilon():
    layer = nl.BatchNormalization(renorm=True, epsilon=0.0, moving_variance_initializer="zeros")
    x = np.ones((4, 2), "float32")
    assert not output(layer, x, training=True).any()
    assert np.isfinite(
        output(layer, RNG.normal(size=(4, 2)).astype("float32"), training=True)
    ).all()
