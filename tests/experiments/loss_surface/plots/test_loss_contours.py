"""Contours of a loss, the path on it, and its close-up."""

import numpy as np

from normlayers.experiments.loss_surface.plots.loss_contours import (
    CLOSE_UP_STEPS,
    Bowl,
    loss_contours,
)
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
