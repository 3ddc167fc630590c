"""Pictures of training: what is drawn is what was given."""

import numpy as np

from normlayers.experiments.input_normalization.plots.feature_gradients import feature_gradients
from normlayers.experiments.input_normalization.plots.state_bars import state_bars
from normlayers.experiments.plots.interval_dots import interval_dots


def test_dots_are_medians_and_hollow_where_they_are_infinite():
    samples = [np.arange(101.0), np.array([1.0, np.inf, np.inf]), np.full(3, np.nan)]
    figure = interval_dots({"epochs": {"wine": {"raw": samples}}}, ["ab", "b", "c"], "t", "kinds")
    axes = figure.axes[0]
    shown = [tuple(line.get_ydata()) for line in axes.lines]
    assert shown == [(), (5, 95), (25, 75), (50,), (0.97,)]
    assert axes.lines[-1].get_markerfacecolor() == "white"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["ab", "b", "c"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["raw"]
    assert (axes.get_title(), axes.get_xlabel()) == ("wine (3 left out)", "kinds")


def test_dots_of_a_category_are_nearer_to_it_than_to_another():
    variants = {name: [np.arange(3.0)] * 2 for name in ("none", "before", "after")}
    figure = interval_dots({"loss": {"relu": variants}}, ["2", "8"], "t")
    places = [x for line in figure.axes[0].lines for x in line.get_xdata()]
    assert all(abs(x - round(x)) < 0.35 for x in places)
    assert len(set(places)) == 6


def test_bounds_are_on_logarithmic_axes_only():
    values = {"wine": {"raw": [np.arange(1.0, 5)]}}
    figure = interval_dots(
        {"a": values, "b": values}, ["relu"], "t", logarithmic=["a"], bounds=[0.1, 100]
    )
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    assert [len(axes.lines) for axes in figure.axes] == [6, 4]


def test_bars_add_up_to_1():
    shares = {"start": np.array([0.5, 0.3, 0.2]), "end": np.array([0.0, 0.0, 1.0])}
    figure = state_bars({"relu": {"wine": shares}}, "two")
    tops = [patch.get_y() + patch.get_height() for patch in figure.axes[0].patches]
    np.testing.assert_allclose(tops, [0.5, 0, 0.8, 0, 1, 1])


def test_gradients_are_in_the_order_of_the_scales():
    scales, norms = np.array([10.0, 0.1, 1.0]), np.array([4.0, 1.0, 2.0])
    figure = feature_gradients({"wine": (scales, {"raw": norms})}, "one")
    (line,) = figure.axes[0].lines
    np.testing.assert_allclose(line.get_xdata(), [0.1, 1, 10])
    np.testing.assert_allclose(line.get_ydata(), [0.25, 0.5, 1])
