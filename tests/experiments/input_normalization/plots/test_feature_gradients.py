"""Gradients of features over their scales."""

import numpy as np

from normlayers.experiments.input_normalization.plots.feature_gradients import feature_gradients


def test_gradients_are_in_the_order_of_the_scales():
    scales, norms = np.array([10.0, 0.1, 1.0]), np.array([4.0, 1.0, 2.0])
    figure = feature_gradients({"wine": (scales, {"raw": norms})}, "one")
    (line,) = figure.axes[0].lines
    np.testing.assert_allclose(line.get_xdata(), [0.1, 1, 10])
    np.testing.assert_allclose(line.get_ydata(), [0.25, 0.5, 1])
