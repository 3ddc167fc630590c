"""Surfaces in three dimensions."""

import numpy as np

from normlayers.experiments.loss_surface.plots.loss_surfaces import loss_surfaces
from normlayers.pictures.png import to_png


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
