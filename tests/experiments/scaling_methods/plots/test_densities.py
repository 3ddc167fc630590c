"""Densities of features."""

import numpy as np
import pytest

from normlayers.experiments.scaling_methods.plots.densities import densities
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
