"""Losses' bands and accuracies' medians are those given."""

import numpy as np

from normlayers.experiments.scaling_methods.plots.loss_and_accuracy import loss_and_accuracy
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found


def test_medians_and_bands_are_those_given_and_infinity_is_not_drawn():
    losses = np.array([[2.0, 1.0], [2.5, 1.5], [3.0, np.inf]])
    kind = losses, np.array([0.5, 0.9]), 0.7
    figure = loss_and_accuracy({"raw": kind}, 2.3, "t")
    left, right = figure.axes
    np.testing.assert_allclose(line(left, "raw").get_ydata(), [2.5, 1.5])
    heights = left.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (2.0, 3.0)
    np.testing.assert_allclose(line(left, "guessing").get_ydata(), 2.3)
    assert right.lines[0].get_ydata() == [0.7]
    assert to_png(figure)
