"""What is measured on the device, against the measures in NumPy."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normlayers import measures
from normlayers.tracking.reading import layer_summary as layer_summary_module
from normlayers.tracking.reading.layer_summary import BINS, layer_summary


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 8),
    st.integers(1, 5),
    st.integers(0, 99),
    st.sampled_from(["relu", "sigmoid", "tanh"]),
)
def test_is_what_numpy_measures(points, neurons, seed, activation):
    z = np.random.default_rng(seed).normal(scale=4, size=(points, neurons)).astype("float32")
    a = keras.ops.convert_to_numpy(
        keras.activations.get(activation)(keras.ops.convert_to_tensor(z))
    )
    summary = layer_summary(*map(keras.ops.convert_to_tensor, (z > 0, a, a)), activation)
    found = {name: keras.ops.convert_to_numpy(value) for name, value in summary.items()}
    np.testing.assert_array_equal(found["on"], (z > 0).sum(axis=0))
    assert found["points"] == points
    assert (found["low"], found["high"], found["finite"]) == (a.min(), a.max(), True)
    assert ("saturation" in found) == (activation != "relu")  # of which it is zero_gradient
    if "saturation" in found:
        assert found["saturation"] == pytest.approx(measures.saturation(a, activation).mean())
    zero = measures.zero_gradient_share(a, activation).mean()
    assert found["zero_gradient"] == pytest.approx(zero)
    assert ("overlap" in found) == (neurons > 1)
    if neurons > 1:
        assert found["overlap"] == pytest.approx(measures.overlap(z > 0), abs=1e-6)
    assert found["counts"].sum() == a.size
    if a.max() > a.min():
        edges = np.linspace(a.min(), a.max(), BINS + 1)
        expected, _ = np.histogram(a, edges)
        # A value on an edge may be counted on either side of it.
        assert (
            np.abs(np.cumsum(found["counts"] - expected)).max()
            <= np.isclose(a.reshape(-1, 1), edges, rtol=1e-5, atol=1e-6).sum()
        )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_says_what_is_not_finite(value):
    a = keras.ops.convert_to_tensor(np.array([[1.0, value]], "float32"))
    assert not keras.ops.convert_to_numpy(layer_summary(a > 0, a, a, "linear")["finite"])


def test_more_rows_than_float32_counts_are_counted_in_whole_numbers(monkeypatch):
    active = np.random.default_rng(0).random((40, 3)) < 0.5
    tensor = keras.ops.convert_to_tensor(active)
    values = keras.ops.cast(tensor, "float32")
    for most in (40, 39):
        monkeypatch.setattr(layer_summary_module, "EXACT_COUNT", most)
        found = keras.ops.convert_to_numpy(layer_summary(tensor, values, values, "relu")["on"])
        assert found.tolist() == active.sum(axis=0).tolist()
        assert found.dtype.kind == "i"
