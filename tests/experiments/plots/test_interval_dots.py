"""Medians and ranges are drawn as they are given."""

import numpy as np

from normlayers.experiments.plots.interval_dots import interval_dots


def spread(*quantiles, left_out=0):
    return np.array(quantiles, float), left_out


SPREAD = spread(5, 25, 50, 75, 95)
NOTHING = spread(*[np.nan] * 5, left_out=3)
NEVER = spread(1, np.inf, np.inf, np.inf, np.inf)


def test_dots_are_medians_and_hollow_where_they_are_infinite():
    spreads = [SPREAD, NEVER, NOTHING]
    figure = interval_dots({"epochs": {"wine": {"raw": spreads}}}, ["ab", "b", "c"], "t", "kinds")
    axes = figure.axes[0]
    shown = [tuple(line.get_ydata()) for line in axes.lines]
    assert shown == [(), (5, 95), (25, 75), (50,), (0.97,)]
    assert axes.lines[-1].get_markerfacecolor() == "white"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["ab", "b", "c"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["raw"]
    assert (axes.get_title(), axes.get_xlabel()) == ("wine (3 left out)", "kinds")


def test_an_infinite_end_goes_to_the_upper_edge_of_a_row_whose_limits_stay():
    ends = [spread(5, 25, 50, 75, np.inf)]
    figure = interval_dots(
        {"epochs": {"wine": {"raw": ends}, "cancer": {"raw": [SPREAD]}}}, "a", "t"
    )
    wine, cancer = figure.axes
    low, high = wine.get_ylim()
    assert low < 5 < 95 < high
    assert cancer.get_ylim() == (low, high)
    assert (5, high) in [tuple(line.get_ydata()) for line in wine.lines]


def test_dots_of_a_category_are_nearer_to_it_than_to_another():
    variants = {name: [SPREAD] * 2 for name in ("none", "before", "after")}
    figure = interval_dots({"loss": {"relu": variants}}, ["2", "8"], "t")
    places = [x for line in figure.axes[0].lines for x in line.get_xdata()]
    assert all(abs(x - round(x)) < 0.35 for x in places)
    assert len(set(places)) == 6


def test_bounds_are_on_logarithmic_axes_only():
    values = {"wine": {"raw": [SPREAD]}}
    figure = interval_dots(
        {"a": values, "b": values}, ["relu"], "t", logarithmic=["a"], bounds=[0.1, 100]
    )
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    assert [len(axes.lines) for axes in figure.axes] == [6, 4]
