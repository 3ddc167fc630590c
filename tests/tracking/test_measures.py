"""Measures against counting by hand and closed forms."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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
    import keras

    kin = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "linear", "softsign", "mish")
    for name in (*kin, *measures.ACTIVATIONS_OF_0):
        zero = keras.ops.convert_to_numpy(keras.activations.get(name)(np.zeros(1, "float32")))
        assert measures.threshold(name) == pytest.approx(float(zero[0]))
