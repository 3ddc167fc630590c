"""The grid a boundary is evaluated on."""

import numpy as np
import pytest

from normlayers.tracking.boundary import boundary_over


def test_the_logit_is_that_of_the_grid_point():
    points = np.array([[0.0, 10.0], [10.0, 30.0]])
    boundary = boundary_over(points, lambda x: x[:, 0] + 100 * x[:, 1], resolution=13)
    assert boundary.extent == (-1, 11, 8, 32)
    for row, up in enumerate(np.linspace(8, 32, 13)):
        for column, across in enumerate(np.linspace(-1, 11, 13)):
            assert boundary.logit[row, column] == pytest.approx(across + 100 * up, rel=1e-6)


def test_points_on_a_line_still_get_an_area():
    points = np.array([[0.0, 1.0], [0.0, 3.0]])
    left, right, bottom, top = boundary_over(points, lambda x: x[:, 0]).extent
    assert (left, right) == (-0.5, 0.5)
    assert (bottom, top) == pytest.approx((0.8, 3.2))


def test_refuses_points_that_are_no_pairs():
    with pytest.raises(ValueError, match=r"shape \(4, 3\)"):
        boundary_over(np.zeros((4, 3)), lambda x: x[:, 0])
