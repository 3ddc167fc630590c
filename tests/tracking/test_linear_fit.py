"""The linear fit where its points are not in general position."""

import numpy as np
import pytest

from normlayers import measures
from normlayers.tracking.linear_fit import LinearFit


def test_a_linear_fit_of_points_that_are_not_in_general_position():
    x = np.random.default_rng(0).normal(size=(60, 2))
    x = np.column_stack([x, x[:, 0] + x[:, 1], np.full(60, 3.0)])
    fit = LinearFit(x)
    assert fit.r_squared(x[:, 2] - 7) == pytest.approx(1)
    assert fit.r_squared(x[:, 0] ** 2) == pytest.approx(measures.linearity(x[:, :2], x[:, 0] ** 2))
