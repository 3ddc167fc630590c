"""Against scikit-learn's own loader."""

import numpy as np
from sklearn.datasets import load_breast_cancer

from normlayers.experiments.data.cancer import cancer


def test_samples_are_scikit_learns_in_float32():
    data, (x, y) = cancer(), load_breast_cancer(return_X_y=True)
    np.testing.assert_array_equal(data.x, x.astype("float32"))
    np.testing.assert_array_equal(data.y, y)
    assert len(data.features) == data.x.shape[1] == 30
