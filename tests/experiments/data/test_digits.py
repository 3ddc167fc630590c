"""Against scikit-learn's own loader."""

import numpy as np
from sklearn.datasets import load_digits

from normlayers.experiments.data.digits import digits


def test_digits_are_scikit_learns_in_float32():
    data, (x, y) = digits(), load_digits(return_X_y=True)
    assert data.x.dtype == np.float32
    np.testing.assert_array_equal(data.x, x)
    np.testing.assert_array_equal(data.y, y)
    assert (data.x.shape, data.bound, data.x.max()) == ((1797, 64), 16, 16)
    assert len(data.features) == 64
    assert data.features[42] == "pixel (5, 2)"
