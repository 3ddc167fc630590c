"""Dots of data sets, medians and the population's condition number."""

import numpy as np
import pytest

from normlayers.experiments.loss_surface.plots.condition_numbers import MOST_DOTS, condition_numbers
from normlayers.pictures.png import to_png


@pytest.mark.parametrize("sets", [3, MOST_DOTS + 500])
def test_condition_numbers_have_a_dot_a_data_set_and_a_median(sets):
    values = np.linspace(5, 9, sets)
    found = {"raw": (1000 * values, 7000.0, None), "scaled": (values, 7.0, 6.9)}
    figure = condition_numbers({"loss": found}, f"{sets} data sets")
    to_png(figure)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["raw", "scaled"]
    assert [text.get_text() for text in axes.texts] == ["median 7,000", "median 7.00"]
    raw, _, scaled, median, population = axes.lines
    shown = min(sets, MOST_DOTS)
    np.testing.assert_array_equal(raw.get_xdata(), 1000 * values[:shown])
    np.testing.assert_array_equal(scaled.get_xdata(), values[:shown])
    # Raw is above.
    assert axes.yaxis_inverted()
    assert np.abs(scaled.get_ydata() - 1).max() < 0.5
    assert median.get_xdata().tolist() == [7.0, 7.0]
    assert population.get_xdata() == [6.9]
