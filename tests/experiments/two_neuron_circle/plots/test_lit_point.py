"""A lit point's picture: the point where it is, the neurons in their colours."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from normlayers.experiments.two_neuron_circle.plots.lit_point import LitPointPicture
from normlayers.pictures.palette import BLUE, GREEN, INACTIVE

POINTS = np.array([[0.0, 0.0], [1.0, 3.0], [4.0, 2.0]])
LABELS = np.array([True, False, True])
NAMES = [["x0", "x1"], ["h0", "h1"], ["y"]]
ON, OFF = np.array([True]), np.array([False])
FIRST = np.array([True, False])


def picture():
    return LitPointPicture(POINTS, LABELS, NAMES, "all of the points")


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255


def colour_at(drawn, axes, x, y):
    """The colour at a place given in the units of some axes."""
    column, row = axes.transData.transform((x, y))
    return drawn[round(len(drawn) - row), round(column)]


def test_the_point_is_marked_in_its_class_colour_and_the_others_are_pale():
    shown = picture()
    axes = shown.figure.axes[0]
    for point, colour in ((1, BLUE), (2, GREEN)):
        shown.draw(point, [FIRST, ON], "epoch 0", f"point {point}")
        drawn = pixels(shown.png())
        np.testing.assert_allclose(
            colour_at(drawn, axes, *POINTS[point]), to_rgb(colour), atol=0.03
        )
        pale = colour_at(drawn, axes, *POINTS[0])
        assert pale.min() > min(to_rgb(GREEN)) + 0.2


def test_active_neurons_are_green_the_output_blue_the_rest_white():
    shown = picture()
    for active, colours in (([FIRST, ON], (GREEN, INACTIVE, BLUE)),
                            ([~FIRST, OFF], (INACTIVE, GREEN, INACTIVE))):  # fmt: skip
        shown.draw(0, active, "epoch 0", "point 1")
        nodes = shown.figure.axes[1].collections[-1]
        found = nodes.get_facecolor()[2:, :3]
        np.testing.assert_allclose(found, [to_rgb(colour) for colour in colours])


@pytest.mark.parametrize("title", ["epoch 0", "epoch 20"])
def test_the_quick_drawing_is_that_of_a_new_figure(title):
    """Under the same title, where the background is kept, and under another, where it is not."""
    earlier, new = picture(), picture()
    earlier.draw(1, [~FIRST, OFF], "epoch 0", "point 2")
    earlier.png()
    drawn = []
    for shown in (earlier, new):
        shown.draw(0, [FIRST, ON], title, "point 1")
        drawn.append(pixels(shown.png()))
    np.testing.assert_array_equal(*drawn)


def test_says_what_it_shows():
    figure = picture().draw(0, [FIRST, ON], "epoch 0", "point 1")
    assert {text.get_text() for text in figure.texts} == {"all of the points", "epoch 0", "point 1"}
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("x0", "x1")


def test_refuses_another_network():
    with pytest.raises(ValueError, match=r"active must have shapes \[\(2,\), \(1,\)\]"):
        picture().draw(0, [ON, ON], "epoch 0", "point 1")
