"""The linear fit where its points are not in general position."""

import numpy as np
import pytest

from normlayers import measures
from normlayers.tracking.linear_fit import LinearFit
from normlayers.tracking.measures import linearity


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


def explained(x, y):
    """R² from the residuals of NumPy's own least squares."""
    design = np.column_stack([x, np.ones(len(x))])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - np.sum(residual**2) / np.sum((y - y.mean()) ** 2)


@pytest.mark.parametrize("condition", [1, 1e3, 1e6, 1e9])
def test_is_numpys_least_squares_whatever_the_points_condition(condition):
    random = np.random.default_rng(3)
    left, _ = np.linalg.qr(random.normal(size=(80, 6)))
    right, _ = np.linalg.qr(random.normal(size=(6, 6)))
    x = left * np.geomspace(1, 1 / condition, 6) @ right
    y = left @ random.normal(size=6) + 0.1 * random.normal(size=80)
    assert LinearFit(x).r_squared(y) == pytest.approx(explained(x, y), abs=1e-6)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_constant_features_and_the_points_scale_do_not_matter(scale):
    random = np.random.default_rng(4)
    x, y = random.normal(size=(50, 3)), random.normal(size=50)
    wider = scale * np.column_stack([np.zeros(50), x, np.ones(50)])
    assert LinearFit(wider).r_squared(y) == pytest.approx(explained(x, y), abs=1e-12)
    assert LinearFit(wider[:, [0, 4]]).r_squared(y) == pytest.approx(0, abs=1e-12)


def test_points_in_general_position_take_no_singular_value_decomposition(monkeypatch):
    """It takes seconds of 784 features where other processes keep the cores busy."""
    random = np.random.default_rng(5)
    x, y = random.normal(size=(60, 20)), random.normal(size=60)
    expected = explained(x, y)
    monkeypatch.setattr(np.linalg, "svd", None)
    assert LinearFit(x).r_squared(y) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scales", [[1, 1e-8, 1e8], [1e-150, 1, 1e150], [1e-12, 1e-12, 1e9]])
def test_no_scale_counts(scales):
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 3))
    y = x[:, 0] ** 2 + x[:, 1]
    expected = linearity(x, y)
    assert linearity(x * scales, y) == pytest.approx(expected, rel=1e-9)
    constant = np.concatenate([x * scales, np.full((50, 1), 0.1 * max(scales))], axis=1)
    assert linearity(constant, y) == pytest.approx(expected, rel=1e-9)


def test_spread_that_is_small_beside_the_offset():
    x = np.random.default_rng(0).normal(size=(50, 2))
    y = x[:, 0] ** 2 + x[:, 1]
    assert linearity(x + np.array([0, 2**20]), y) == pytest.approx(linearity(x, y), rel=1e-7)


def test_of_no_points_nothing_is_known():
    assert np.isnan(linearity(np.zeros((0, 2)), np.zeros(0)))


def test_constant_values_of_several_outputs_are_linear():
    fit = LinearFit(np.random.default_rng(0).normal(size=(1000, 1)))
    assert fit.r_squared_of_each(np.full((1000, 2), 0.1)).tolist() == [1, 1]


def test_what_is_no_number_has_no_fit():
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert linearity(1e306 * (1 + np.abs(x)), x[:, 0]) <= 1  # no sum overflows
    x[3, 1] = np.nan
    assert np.isnan(linearity(x, x[:, 0]))
