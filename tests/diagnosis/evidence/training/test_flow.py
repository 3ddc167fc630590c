import numpy as np
import pytest

from normlayers.diagnosis.evidence.training.flow import Flow

FLOW = Flow(
    names=["a/kernel", "a/bias", "block/b/kernel", "c/kernel"],
    matrices=np.array([True, False, True, True]),
    loss=-0.5,
    gradients=np.array([2.0, 9.0, 0.0, 1.0]),
    after=np.array([1.0, 9.0, 3.0, 1.0]),
    weights=np.array([4.0, 1.0, 2.0, 0.0]),
)


def test_matrices_that_are_0_have_no_relative_gradient():
    assert FLOW.layers == ["a", "block/b"]
    np.testing.assert_array_equal(FLOW.relative, [0.5, 0.0])
    np.testing.assert_array_equal(FLOW.largest_relative, [0.5, 1.5])


@pytest.mark.parametrize("units", [1.0, 1e3])
def test_influence_does_not_depend_on_units(units):
    """Weights in other units: the gradient by them is in the inverse ones."""
    other = Flow(
        FLOW.names, FLOW.matrices, FLOW.loss * 7, FLOW.gradients * 7 / units,
        FLOW.after * 7 / units, FLOW.weights * units,
    )  # fmt: skip
    np.testing.assert_allclose(other.influence, [2 * 4 / 0.5, 3 * 2 / 0.5])


def test_not_finite():
    assert FLOW.finite
    assert not Flow(**{**vars(FLOW), "loss": np.nan}).finite
    assert not Flow(**{**vars(FLOW), "gradients": np.array([np.inf] * 4)}).finite


def test_later_gradients_count_where_they_are_longer():
    later = FLOW.at_best(np.array([np.nan, 1.0, 4.0, np.inf]))
    np.testing.assert_array_equal(later.after, [1.0, 9.0, 4.0, 1.0])
    np.testing.assert_array_equal(later.gradients, FLOW.gradients)
