"""Violins have the medians and the lines that they are given."""

import numpy as np

from normlayers.experiments.plots.violins import violins
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found.get_ydata()


def test_medians_and_lines_are_those_given():
    sample = np.array([0.5, 0.6, 0.7]), 0.6
    figure = violins(
        {"relu": {"shifted": sample}}, "accuracy", "few", {"a line": 0.6, "another": 0.7}
    )
    np.testing.assert_allclose(line(figure.axes[0], "median"), [0.6])
    np.testing.assert_allclose(line(figure.axes[0], "another"), 0.7)
    assert to_png(figure)


def test_samples_that_are_all_one_value_are_drawn():
    assert to_png(violins({"relu": {"dead": (np.full(9, 0.518), 0.518)}}, "accuracy", "same"))
