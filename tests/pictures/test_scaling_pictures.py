"""The pictures of scalings show the numbers they are given."""

import numpy as np
import pytest

from normlayers.experiments.scaling_methods.plots.densities import densities
from normlayers.experiments.scaling_methods.plots.feature_variances import feature_variances
from normlayers.experiments.scaling_methods.plots.loss_and_accuracy import loss_and_accuracy
from normlayers.experiments.scaling_methods.plots.rounding import rounding
from normlayers.experiments.scaling_methods.plots.split_accuracies import split_accuracies
from normlayers.pictures.png import to_png


def line(axes, label):
    (found,) = [a for a in axes.lines if a.get_label() == label]
    return found


def test_densities_are_those_of_normal_values_and_as_high_as_each_other():
    z = np.random.default_rng(0).normal(size=20_000)
    figure = densities({"many": {"raw": {"narrow": z, "wide": 5 * z}}}, "t")
    (axes,) = figure.axes
    for label, width in (("narrow", 1), ("wide", 5)):
        x, y = line(axes, label).get_data()
        assert y.max() == pytest.approx(1)
        np.testing.assert_allclose(y, np.exp(-((x / width) ** 2) / 2), atol=0.06)
    assert axes.get_xscale() == "linear"
    assert to_png(figure)


def test_ranges_that_differ_much_have_a_logarithmic_axis():
    values = np.linspace(1, 2)
    figure = densities({"few": {"raw": {"a": values, "b": 1000 * values}}}, "t")
    assert figure.axes[0].get_xscale() == "log"
    assert line(figure.axes[0], "b").get_xdata().min() >= 0.5


def test_rows_may_have_fewer_columns():
    values = {"a": np.linspace(0, 1)}
    figure = densities({"one": {"raw": values}, "two": {"raw": values, "scaled": values}}, "t")
    assert [axes.get_visible() for axes in figure.axes] == [True, False, True, True]


def test_variances_are_in_the_order_of_the_first():
    variances = {"raw": np.array([4.0, 0.5, 2.0]), "scaled": np.array([1.0, 2.0, 3.0])}
    axes = feature_variances({"wine": variances}, "t").axes[0]
    assert line(axes, "raw").get_ydata().tolist() == [0.5, 2, 4]
    assert line(axes, "scaled").get_ydata().tolist() == [2, 3, 1]


def test_every_scaling_is_in_the_legend_though_one_panel_lacks_it():
    one = {"raw": np.ones(2)}
    figure = feature_variances({"wine": one, "digits": {**one, "x / 16": np.ones(2)}}, "t")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["raw", "x / 16"]


def test_rounding_leaves_out_what_is_not_finite():
    measured, derived = np.array([1e-7, 1.0]), np.array([2e-7, np.inf])
    figure = rounding({"offset": ([1, 10], {"given": measured}, {"law": derived})}, "error", "t")
    (axes,) = figure.axes
    np.testing.assert_array_equal(line(axes, "given").get_ydata(), measured)
    np.testing.assert_array_equal(line(axes, "law").get_ydata(), [2e-7, np.nan])
    assert axes.get_ylabel() == "error"
    assert to_png(figure)


def test_loss_and_accuracy_show_medians_and_leave_out_what_diverged():
    loss = np.array([[3.0, 2.0], [2.0, 1.0], [2.5, np.nan]])
    accuracy = np.array([0.5, 0.9, np.nan])
    figure = loss_and_accuracy({"raw": (loss, accuracy)}, 2.3, "t")
    left, right = figure.axes
    np.testing.assert_allclose(line(left, "raw").get_ydata(), [2.5, 1.5])
    np.testing.assert_allclose(line(left, "guessing").get_ydata(), 2.3)
    assert right.lines[0].get_ydata()[0] == pytest.approx(0.7)
    assert to_png(figure)


def test_split_accuracies_tell_the_means_of_samples_that_are_all_one_value_too():
    figure = split_accuracies({"wine": {"raw": np.array([0.5, 1.0]), "same": np.ones(3)}}, "t")
    (axes,) = figure.axes
    assert line(axes, "mean").get_ydata().tolist() == [0.75, 1]
    assert [text.get_text() for text in axes.texts] == ["0.750", "1.000"]
    assert to_png(figure)
