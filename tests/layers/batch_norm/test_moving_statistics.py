"""Moving averages whose start at 0 is divided out."""

import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output, weights
from tests.layers.derivatives import float64

RNG = np.random.default_rng(0)


def test_debias_divides_the_start_out_as_adam_does():
    layer = nl.BatchNormalization(momentum=0.9, debias=True)
    batches = RNG.normal(5, 3, size=(4, 50, 2)).astype("float32")
    for step, x in enumerate(batches, start=1):
        output(layer, x, training=True)
        share = 0.1 * 0.9 ** np.arange(step - 1, -1, -1) / (1 - 0.9**step)
        for name, of in (("moving_mean", np.mean), ("moving_variance", np.var)):
            expected = share @ [of(batch, axis=0) for batch in batches[:step]]
            np.testing.assert_allclose(weights(layer)[name], expected, rtol=1e-5)
    assert weights(layer)["steps"] == 4
    once = nl.BatchNormalization(debias=True)
    y = output(once, batches[0], training=True)
    np.testing.assert_allclose(output(once, batches[0]), y, atol=1e-5)


def test_debiased_with_momentum_1_is_the_average_of_all_batches():
    layer = nl.BatchNormalization(momentum=1.0, debias=True)
    batches = RNG.normal(5, 3, size=(7, 50, 2)).astype("float32")
    for x in batches:
        output(layer, x, training=True)
    expected = np.mean([x.mean(axis=0) for x in batches], axis=0)
    np.testing.assert_allclose(weights(layer)["moving_mean"], expected, rtol=1e-5)


@pytest.mark.parametrize("momentum", [0.9, 1.0])
def test_debias_in_double_precision(momentum):
    with float64():
        layer = nl.BatchNormalization(momentum=momentum, debias=True, dtype="float64")
        x = RNG.normal(5, 3, size=(20, 2))
        output(layer, x, training=True)
        np.testing.assert_allclose(weights(layer)["moving_mean"], x.mean(axis=0), rtol=1e-13)
