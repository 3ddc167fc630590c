"""Lines and their intervals."""

import numpy as np
import pytest

from normlayers.experiments.plots.courses import courses
from normlayers.pictures.palette import INK


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found.get_ydata()


def test_courses_show_estimates_and_intervals():
    values = np.array([[0.5, 0.6], [0.4, 0.5], [0.6, 0.7]])
    figure = courses(("shift", [0, 1]), {"moved": {"relu": values}, "kept": {"relu": values}}, "t")
    axes = figure.axes[1]
    assert axes.get_title() == "kept"
    np.testing.assert_allclose(line(axes, "relu"), values[0])
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.4, 0.7))
    assert line(axes, "relu") is not None
    assert axes.lines[0].get_color() == "#000000" != INK
