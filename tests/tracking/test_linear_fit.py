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


def test_fits_of_many_functions_are_those_of_each():
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 3))
    y = np.column_stack([x[:, 0] + 2, x[:, 1] ** 2, np.full(40, 5.0), random.normal(size=40)])
    fit = LinearFit(x)
    alone = [fit.r_squared(column) for column in y.T]
    np.testing.assert_allclose(fit.r_squared_of_each(y), alone, rtol=1e-12)
    assert alone[0] == pytest.approx(1)
    assert alone[2] == 1
    too_few = LinearFit(x[:4])
    assert np.isnan(too_few.r_squared_of_each(y[:4])).all()
    assert np.isnan(too_few.r_squared(y[:4]))
