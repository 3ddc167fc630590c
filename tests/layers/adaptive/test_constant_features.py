"""When a feature counts as constant: by the rounding of the data and of what the layer receives."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.called import output
from tests.layers.test_adaptive_layers import BACKEND, KINDS, adapted

NEARLY = np.array([[0.1 + 0.2], [0.3], [0.3], [0.1 + 0.2]])
EPS = np.finfo(np.float64).eps


def model_of(layer, dtype="float32"):
    inputs = keras.Input((1,), dtype=dtype)
    return keras.Model(inputs, layer(inputs))


def predicted(layer, x):
    return model_of(layer).predict(x, verbose=0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_differs_in_the_last_digit_only_is_constant(kind):
    layer = adapted(kind, NEARLY)
    for y in (output(layer, NEARLY), predicted(layer, NEARLY)):
        np.testing.assert_allclose(y, 0, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_float64_data_whose_spread_float32_rounds_away(kind):
    """In float32 they are noise, divided by less than the noise; in float64 they are data."""
    x = 1000 + 1e-6 * np.arange(100.0).reshape(-1, 1)
    layer = adapted(kind, x)
    np.testing.assert_allclose(predicted(layer, x), 0, atol=2e-4)
    np.testing.assert_allclose(output(layer, x.astype("float32")), 0, atol=2e-4)
    if BACKEND != "jax":
        wide = output(model_of(layer, "float64"), x)
        assert len(np.unique(wide)) == 100
        assert np.ptp(wide) == pytest.approx(1 if kind is nl.MinMaxScale else 3.43, rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_two_neighbouring_float32s_more_than_one_apart_are_data(kind):
    one = np.float32(1)
    x = np.array([[one], [one + np.float32(2**-22)]] * 5)
    y = output(adapted(kind, x), x)
    assert np.ptp(y) == pytest.approx(2 if kind is nl.Standardize else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_integers_are_exact_at_any_size(kind):
    x = 2**30 + np.arange(4, dtype="int32").reshape(-1, 1)
    y = output(adapted(kind, x), x)
    assert np.ptp(y) == pytest.approx(3 / np.sqrt(1.25) if kind is nl.Standardize else 1)


@pytest.mark.parametrize("average", [1e-10, 1.0, 1e10])
@pytest.mark.parametrize("n", [10, 100, 10_000])
@pytest.mark.skipif(BACKEND == "jax", reason="JAX rounds float64 inputs")
def test_the_rule_in_float64_is_scikit_learns(average, n):
    """``var <= n eps var + (n mean eps)**2``, of data whose mean and variance are known."""
    scales = 10.0 ** np.arange(-30, 19)
    x = average + np.where(np.arange(n) < n // 2, 1.0, -1.0)[:, None] * scales
    layer = adapted(nl.Standardize, x, center=False, dtype="float64")
    divisor = x[0] / output(layer, x)[0]
    mean, variance = (x[0] + x[-1]) / 2, ((x[0] - x[-1]) / 2) ** 2
    bound = n * EPS * variance + (n * mean * EPS) ** 2
    clear = abs(variance / np.where(bound > 0, bound, 1) - 1) > 1e-6
    expected = np.where(variance <= bound, 1.0, np.sqrt(variance))
    np.testing.assert_allclose(divisor[clear], expected[clear], rtol=1e-6)


@pytest.mark.skipif(BACKEND == "jax", reason="JAX rounds float64 inputs")
def test_the_number_of_values_is_their_total_weight():
    x = np.array([[1.0], [1 + 100 * EPS]])
    light, heavy = nl.Standardize(dtype="float64"), nl.Standardize(dtype="float64")
    light.adapt(x)
    heavy.adapt(x, sample_weight=[1000.0, 1000.0])
    assert np.ptp(output(light, x)) == pytest.approx(2)
    assert np.ptp(output(heavy, x)) < 1e-10


def test_given_statistics_are_trusted():
    x = np.array([[1.0], [1 + 2.0**-23]], "float32")
    layer = nl.Standardize(mean=1.0, variance=1e-20)
    assert output(layer, x)[1, 0] == pytest.approx(2.0**-23 * 1e10)
    layer = nl.MinMaxScale(minimum=1.0, maximum=1 + 1e-10)
    assert output(layer, x)[1, 0] == pytest.approx(2.0**-23 * 1e10, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_tiny_features_are_data(kind):
    """Variances that float32 cannot hold."""
    x = (1e-25 * np.arange(5.0)).reshape(-1, 1).astype("float32")
    y = output(adapted(kind, x), x)
    assert np.ptp(y) == pytest.approx(4 / np.sqrt(2) if kind is nl.Standardize else 1, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_inverse_takes_constants_back(kind):
    x = np.full((4, 1), 0.3)
    forth, back = adapted(kind, x), adapted(kind, x, invert=True)
    np.testing.assert_allclose(output(back, output(forth, x)), x, rtol=1e-6)


TINY = float(np.finfo(np.float32).tiny)
# Below it, beside it, and float64 data that float32 cannot hold at all.
SMALL = [1e-39, TINY / 4, 1e-60]


def by_every_way(layer, x):
    """Called, compiled by Keras, and as an affine map."""
    called, compiled = output(layer, x), predicted(layer, x)
    scale, shift, _ = layer.affine("float32", x.shape)
    return called, compiled, x * scale + shift


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", SMALL)
@pytest.mark.parametrize("given", [False, True])
def test_what_is_too_small_to_divide_by_is_constant(kind, unit, given):
    """As Keras's layer has it; not 0 / 0 where the backend takes such numbers for 0."""
    x = unit * np.array([[1.0], [2.0], [3.0]])
    if not given:
        layer = adapted(kind, x)
    elif kind is nl.Standardize:
        layer = nl.Standardize(mean=2 * unit, variance=unit**2 * 2 / 3)
    else:
        layer = nl.MinMaxScale(minimum=unit, maximum=3 * unit)
    theirs = keras.layers.Normalization()
    theirs.adapt(x)
    for y in by_every_way(layer, x.astype("float32")):
        np.testing.assert_allclose(y, 0, atol=1e-37)
        np.testing.assert_allclose(y, output(theirs, x.astype("float32")), atol=1e-30)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_just_large_enough_to_divide_by_is_data(kind):
    x = 2 * TINY * np.array([[1.0], [2.0], [3.0]], "float32")
    ends = (1.5**0.5, -(1.5**0.5)) if kind is nl.Standardize else (1, 0)
    for y in by_every_way(adapted(kind, x), x):
        np.testing.assert_allclose(y[[2, 0], 0], ends, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(BACKEND == "jax", reason="JAX rounds float64 inputs")
@pytest.mark.parametrize("kind", KINDS)
def test_a_float64_layer_divides_by_what_float32_cannot_hold(kind):
    x = 1e-60 * np.array([[1.0], [2.0], [3.0]])
    y = output(adapted(kind, x, dtype="float64"), x)
    assert np.ptp(y) == pytest.approx(6**0.5 if kind is nl.Standardize else 1)
