"""Violins of accuracies with the means that they are given."""

import numpy as np

from normlayers.experiments.scaling_methods.plots.split_accuracies import split_accuracies
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found


def test_split_accuracies_tell_the_means_of_samples_that_are_all_one_value_too():
    samples = {"raw": (np.array([0.5, 1.0]), 0.75), "same": (np.ones(3), 1.0)}
    figure = split_accuracies({"wine": samples}, "t")
    (axes,) = figure.axes
    assert line(axes, "mean").get_ydata().tolist() == [0.75, 1]
    assert [text.get_text() for text in axes.texts] == ["0.750", "1.000"]
    assert to_png(figure)
