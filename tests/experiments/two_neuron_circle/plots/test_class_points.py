"""The picture of points of two classes."""

import numpy as np
from matplotlib.colors import to_hex

from normlayers.experiments.two_neuron_circle.plots.class_points import class_points
from normlayers.pictures.palette import BLUE, GREEN


def test_each_class_has_its_points_and_its_colour():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    figure = class_points(points, np.array([True, False, True]), "three points")
    axes = figure.axes[0]
    outside, inside = axes.lines
    np.testing.assert_array_equal(outside.get_xydata(), points[[0, 2]])
    np.testing.assert_array_equal(inside.get_xydata(), points[[1]])
    assert [to_hex(line.get_color()).upper() for line in (outside, inside)] == [GREEN, BLUE]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Y = 1", "Y = 0"]
    assert axes.get_title() == "three points"
