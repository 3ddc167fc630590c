"""Pictures of loss surfaces: what their lines, dots and words are."""

import numpy as np
import pytest

from normlayers.experiments.loss_surface.plots.condition_numbers import MOST_DOTS, condition_numbers
from normlayers.experiments.loss_surface.plots.convergence import convergence
from normlayers.experiments.loss_surface.plots.loss_contours import (
    CLOSE_UP_STEPS,
    Bowl,
    loss_contours,
)
from normlayers.experiments.loss_surface.plots.loss_surfaces import loss_surfaces
from normlayers.pictures.png import to_png


def bowl(stretch, steps=30):
    w = np.linspace(-2, 2, 41)
    path = np.stack([(-0.9) ** np.arange(steps + 1), np.linspace(1, 0, steps + 1)], axis=-1)
    heights = w**2 + w[:, np.newaxis] ** 2
    return Bowl(w, w, heights, np.zeros(2), path, stretch, f"κ = {stretch}")


def test_contours_are_circles_about_the_minimum_with_the_path():
    figure = loss_contours({"loss": {"raw": bowl(500.0), "round": bowl(1.0)}}, "two surfaces")
    to_png(figure)
    panels = [axes for axes in figure.axes if axes.get_xlabel() == "weight w1"]
    assert [axes.get_title() for axes in panels] == ["raw\nκ = 500.0", "round\nκ = 1.0"]
    assert panels[0].get_ylabel() == "loss\nweight w2"
    for axes in panels:
        assert axes.get_aspect() == 1
        path, start, minimum = (line.get_xydata() for line in axes.lines)
        np.testing.assert_array_equal(path, bowl(1.0).path)
        assert (start.tolist(), minimum.tolist()) == ([[1, 1]], [[0, 0]])
        filled, lines = axes.collections
        assert filled.levels.tolist() == lines.levels.tolist()
        at = list(lines.levels).index(1.0)
        radii = np.linalg.norm(lines.get_paths()[at].vertices, axis=1)
        np.testing.assert_allclose(radii, 1, atol=0.01)


def test_only_a_narrow_valley_has_a_close_up():
    narrow, wide = (
        loss_contours({"loss": {"raw": bowl(stretch)}}, "one").axes[0] for stretch in (500, 7)
    )
    (inset,) = narrow.child_axes
    assert len(inset.lines[0].get_xdata()) == CLOSE_UP_STEPS + 1
    assert inset.texts[0].get_text() == "first 12 steps"
    assert wide.child_axes == []


def test_a_loss_of_zero_has_a_place_on_the_logarithmic_scale():
    to_png(loss_contours({"loss": {"raw": bowl(1.0)}}, "no warning of a logarithm of 0"))


def test_surfaces_have_their_axes_named():
    w = np.linspace(-1, 1, 9)
    heights = w**2 + 5 * w[:, np.newaxis] ** 2
    figure = loss_surfaces({"loss": {"raw": (w, w, heights), "scaled": (w, w, heights)}}, "two")
    to_png(figure)
    assert [axes.get_title() for axes in figure.axes] == ["loss\nraw", "loss\nscaled"]
    for axes in figure.axes:
        names = axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()
        assert names == ("weight w1", "weight w2", "loss")
        assert axes.get_zlim()[1] >= 6


def test_convergence_shows_what_was_made_and_what_was_told():
    steps = np.arange(1, 6)
    made, told = (steps, 0.5**steps), (steps, 0.4**steps)
    lines = {
        "raw": (made, told, "not reached in 5 steps"),
        "scaled": (made, told, ""),
        "third": (made, told, "diverged"),
        "fourth": (made, told, "diverged"),
    }
    figure = convergence({"loss": {"best rate": lines}}, 1e-2, "one data set")
    to_png(figure)
    (axes,) = figure.axes
    assert axes.get_title() == (
        "loss, best rate\nnot reached in 5 steps: raw\ndiverged: third, fourth"
    )
    assert axes.get_xscale() == axes.get_yscale() == "log"
    drawn = axes.lines
    assert len(drawn) == 9
    np.testing.assert_array_equal(drawn[0].get_ydata(), told[1])
    np.testing.assert_array_equal(drawn[1].get_ydata(), made[1])
    assert drawn[8].get_ydata() == [1e-2, 1e-2]
    assert len({line.get_color() for line in drawn[1:8:2]}) == 4
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == [*lines, "theory", "where a run ends"]


@pytest.mark.parametrize("sets", [3, MOST_DOTS + 500])
def test_condition_numbers_have_a_dot_a_data_set_and_a_median(sets):
    values = np.linspace(5, 9, sets)
    found = {"raw": (1000 * values, None), "scaled": (values, 7.0)}
    figure = condition_numbers({"loss": found}, f"{sets} data sets")
    to_png(figure)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["raw", "scaled"]
    assert [text.get_text() for text in axes.texts] == ["median 7,000", "median 7.00"] or sets > 3
    raw, _, scaled, median, population = axes.lines
    shown = min(sets, MOST_DOTS)
    np.testing.assert_array_equal(raw.get_xdata(), 1000 * values[:shown])
    np.testing.assert_array_equal(scaled.get_xdata(), values[:shown])
    # Raw is above.
    assert axes.yaxis_inverted()
    assert np.abs(scaled.get_ydata() - 1).max() < 0.5
    assert median.get_xdata() == pytest.approx([np.median(values)] * 2, rel=0.01)
    assert population.get_xdata() == [7.0]
