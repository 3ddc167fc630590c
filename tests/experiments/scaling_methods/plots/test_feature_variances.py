"""Variances of features."""

import numpy as np

from normlayers.experiments.scaling_methods.plots.feature_variances import feature_variances


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found


def test_variances_are_in_the_order_of_the_first():
    variances = {"raw": np.array([4.0, 0.5, 2.0]), "scaled": np.array([1.0, 2.0, 3.0])}
    axes = feature_variances({"wine": variances}, "t").axes[0]
    assert line(axes, "raw").get_ydata().tolist() == [0.5, 2, 4]
    assert line(axes, "scaled").get_ydata().tolist() == [2, 3, 1]


def test_every_scaling_is_in_the_legend_though_one_panel_lacks_it():
    one = {"raw": np.ones(2)}
    figure = feature_variances({"wine": one, "digits": {**one, "x / 16": np.ones(2)}}, "t")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["raw", "x / 16"]
