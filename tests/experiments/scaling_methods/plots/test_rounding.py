"""Rounding errors, measured and derived."""

import numpy as np

from normlayers.experiments.scaling_methods.plots.rounding import rounding
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found


def test_rounding_leaves_out_what_is_not_finite():
    measured, derived = np.array([1e-7, 1.0]), np.array([2e-7, np.inf])
    figure = rounding({"offset": ([1, 10], {"given": measured}, {"law": derived})}, "error", "t")
    (axes,) = figure.axes
    np.testing.assert_array_equal(line(axes, "given").get_ydata(), measured)
    np.testing.assert_array_equal(line(axes, "law").get_ydata(), [2e-7, np.nan])
    assert axes.get_ylabel() == "error"
    assert to_png(figure)
