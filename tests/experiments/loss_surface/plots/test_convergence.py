"""Runs and their theory."""

import numpy as np

from normlayers.experiments.loss_surface.plots.convergence import convergence
from normlayers.pictures.png import to_png


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
