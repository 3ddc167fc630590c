"""Against scikit-learn's own loader.

Covers too: data_set.py.
"""

import numpy as np
import pytest
from sklearn.datasets import load_wine

from normlayers.experiments.data.wine import wine


def test_wines_are_scikit_learns_in_float32():
    data, (x, y) = wine(), load_wine(return_X_y=True)
    np.testing.assert_array_equal(data.x, x.astype("float32"))
    np.testing.assert_array_equal(data.y, y)
    assert data.bound is None
    assert data.features[12] == "proline"
    assert data.x[:, 12].mean() == pytest.approx(746.9, abs=0.1)
