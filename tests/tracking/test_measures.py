"""Measures against counting by hand and closed forms."""

from itertools import combinations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from normlayers import measures

ACTIVE = hnp.arrays(bool, st.tuples(st.integers(1, 20), st.integers(2, 6)))


@given(ACTIVE)
def test_shares_and_states_are_those_counted_neuron_by_neuron(active):
    share = measures.active_share(active)
    for neuron, column in enumerate(active.T):
        assert share[neuron] == pytest.approx(sum(column) / len(column))
        state = "always_on" if all(column) else "selective" if any(column) else "dead"
        assert measures.states(share)[neuron] == state
    assert sum(measures.state_shares(share).values()) == pytest.approx(1)


@given(ACTIVE)
def test_overlap_is_the_mean_over_pairs(active):
    pairs = [np.mean(a & b) for a, b in combinations(active.T, 2)]
    assert measures.overlap(active) == pytest.approx(np.mean(pairs))


def test_one_neuron_has_no_overlap():
    assert np.isnan(measures.overlap(np.ones((5, 1), bool)))


def test_tolerance_says_where_none_and_all_begin():
    share = np.array([0.0, 0.05, 0.06, 0.94, 0.95, 1.0])
    assert measures.states(share, 0.05).tolist() == (
        ["dead"] * 2 + ["selective"] * 2 + ["always_on"] * 2
    )
    with pytest.raises(ValueError, match="tolerance must be in"):
        measures.states(share, 0.5)


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_linearity_is_r_squared(shift):
    x = np.random.default_rng(0).normal(size=(200, 3)) + shift
    logit = x @ np.array([[1.0], [-2.0], [0.5]]) + 3
    assert measures.linearity(x, logit) == pytest.approx(1)
    noise = np.random.default_rng(1).normal(size=(200, 1))
    design = np.column_stack([x - shift, np.ones(200)])
    residual = noise - design @ np.linalg.solve(design.T @ design, design.T @ noise)
    expected = 1 - residual.var() / noise.var()
    assert measures.linearity(x, noise) == pytest.approx(expected, rel=1e-6)


def test_linearity_at_its_ends():
    x = np.linspace(-1, 1, 21)[:, np.newaxis]
    assert measures.linearity(x, x**2) == pytest.approx(0, abs=1e-12)
    assert measures.linearity(x, np.full(21, 0.3)) == 1
    assert np.isnan(measures.linearity(x[:2], x[:2]))
    with pytest.raises(ValueError, match="one length"):
        measures.linearity(x, x[:5])


def test_threshold_is_the_output_at_a_pre_activation_of_0():
    kin = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "linear", "softsign", "mish")
    for name in (*kin, *measures.ACTIVATIONS_OF_0):
        zero = keras.ops.convert_to_numpy(keras.activations.get(name)(np.zeros(1, "float32")))
        assert measures.threshold(name) == pytest.approx(float(zero[0]))


@given(ACTIVE)
def test_pair_overlap_has_every_pair(active):
    found = measures.pair_overlap(active)
    for i, j in combinations(range(active.shape[1]), 2):
        assert found[i, j] == found[j, i] == pytest.approx(np.mean(active[:, i] & active[:, j]))
    np.testing.assert_allclose(np.diag(found), measures.active_share(active))
    above = found[np.triu_indices(len(found), 1)]
    assert above.mean() == pytest.approx(measures.overlap(active))


def test_entropy_is_that_of_scipy():
    share = np.linspace(0, 1, 11)
    expected = [stats.entropy([p, 1 - p], base=2) for p in share]
    np.testing.assert_allclose(measures.entropy(share), expected, atol=1e-12)


@pytest.mark.parametrize("activation", sorted(set(measures.DERIVATIVES) - {"softmax"}))
def test_derivatives_are_those_of_keras_activations(activation):
    """Against differences, away from where the activation has a corner."""
    z = np.array([-7.3, -2.6, -0.4, 0.3, 1.7, 5.2, 8.1])
    function = keras.activations.get(activation)

    def at(z):
        return keras.ops.convert_to_numpy(function(z.astype("float32"))).astype(float)

    slope = (at(z + 1e-2) - at(z - 1e-2)) / 2e-2
    np.testing.assert_allclose(measures.derivative(at(z), activation), slope, rtol=2e-2, atol=1e-4)


def test_softmax_is_differentiated_by_its_own_pre_activation():
    z = np.array([[0.5, -1.0, 2.0]])

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    for neuron in range(3):
        step = np.eye(3)[neuron] * 1e-6
        slope = (softmax(z + step) - softmax(z - step))[0, neuron] / 2e-6
        found = measures.derivative(softmax(z), "softmax")[0, neuron]
        assert found == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("activation", [*measures.DERIVATIVES, "gelu"])
def test_both_measures_of_the_gradient_are_had_where_they_differ(activation):
    had = measures.gradient_measures(activation)
    if activation in ("linear", "gelu"):
        assert had == ()
        return
    z = np.linspace(-12, 12, 161, dtype="float32")
    z = np.stack([z, 0 * z], axis=1)  # two neurons, for softmax
    a = keras.ops.convert_to_numpy(keras.activations.get(activation)(keras.ops.array(z)))[:, :1]
    differ = measures.saturation(a, activation) != measures.zero_gradient_share(a, activation)
    assert ("saturation" in had) == bool(differ)
    assert "zero_gradient" in had


def test_saturation_and_zero_gradient_are_counted():
    sigmoid = np.array([[0.5, 0.995], [0.98, 0.5], [1.0, 0.999], [0.0, 0.5]])
    assert measures.saturation(sigmoid, "sigmoid").tolist() == [0.5, 0.5]
    assert measures.zero_gradient_share(sigmoid, "sigmoid").tolist() == [0.5, 0.0]
    assert measures.saturation(np.tanh([[3.0], [2.9]]), "tanh", below=0.01).tolist() == [0.5]
    with pytest.raises(ValueError, match=r"known for linear, relu, .*'gelu'"):
        measures.saturation(sigmoid, "gelu")


def test_duplicates_are_repeated_up_to_a_factor_and_an_offset():
    x = np.random.default_rng(0).normal(size=(50, 3))
    outputs = np.column_stack([x, 2 * x[:, 0] - 5, -x[:, 2], np.zeros(50), np.zeros(50)])
    assert measures.duplicates(outputs).tolist() == [False] * 3 + [True, True, False, False]
