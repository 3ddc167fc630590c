import numpy as np
import pytest

from tests.diagnosis.small_models import classifier, found, points

X, Y = points()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value):
    model = classifier()
    kernel = np.array(model.get_layer("hidden").kernel)
    kernel[1, :3] = value
    model.get_layer("hidden").kernel.assign(kernel)
    (finding,) = found("non_finite_weights", model, X, Y)
    assert (finding.where, finding.severity) == ("hidden", "error")
    assert finding.evidence == {"variables": ["hidden/kernel"], "values": 3}


def test_finite_ones_are_not_reported():
    model = classifier()
    model.get_layer("hidden").kernel.assign(np.full((6, 16), 3e38) * np.eye(6, 16))
    assert not found("non_finite_weights", model, X, Y)
