"""Boundary pictures: the colours and lines at the places the arrays say."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from PIL import Image

from normlayers.pictures.boundary import BoundaryPicture, boundary_overview
from normlayers.pictures.palette import BLUE, GREEN, PROBABILITY_BANDS

EXTENT = (0.0, 4.0, 10.0, 14.0)
POINTS = np.array([[1.0, 11.0], [3.0, 13.0]])
LABELS = np.array([False, True])
# 0 on the line x0 = 2, and steep.
LOGIT = np.tile(np.linspace(-40, 40, 41), (41, 1))


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def colour_at(picture, png, x, y):
    """The colour at a place given in the units of the axes."""
    image = pixels(png)
    column, row = picture.figure.axes[0].transData.transform((x, y))
    return to_hex(image[round(image.shape[0] - row), round(column)] / 255).upper()


def close(colour, wanted):
    return np.allclose(to_rgb(colour), to_rgb(wanted), atol=0.03)


def test_sides_points_and_line_have_their_colours():
    picture = BoundaryPicture(LABELS)
    picture.draw(POINTS, EXTENT, LOGIT, "epoch 0")
    png = picture.png()
    assert close(colour_at(picture, png, 0.5, 13.5), PROBABILITY_BANDS[0])
    assert close(colour_at(picture, png, 3.5, 10.5), PROBABILITY_BANDS[-1])
    assert close(colour_at(picture, png, 1, 11), BLUE)
    assert close(colour_at(picture, png, 3, 13), GREEN)
    assert sum(to_rgb(colour_at(picture, png, 2, 12))) < 1  # the line, all but black


@pytest.mark.parametrize("later", [EXTENT, (-5.0, 5.0, 5.0, 20.0), (0.0, 1e-4, 1e-5, 2e-4)])
def test_the_quick_drawing_is_that_of_a_new_figure(later):
    """In the same place, where the background is kept, and in another, where it cannot be."""
    picture = BoundaryPicture(LABELS, ("h0", "h1"))
    picture.draw(POINTS, EXTENT, LOGIT, "epoch 0")
    picture.png()
    picture.draw(POINTS, later, -LOGIT, "epoch 20")
    new = BoundaryPicture(LABELS, ("h0", "h1"))
    new.draw(POINTS, later, -LOGIT, "epoch 20")
    np.testing.assert_array_equal(pixels(picture.png()), pixels(new.png()))


def test_the_title_is_drawn_from_the_first_picture_on():
    drawn = []
    for title in ("", "epoch 0"):
        picture = BoundaryPicture(LABELS)
        picture.draw(POINTS, EXTENT, LOGIT, title)
        drawn.append(pixels(picture.png()))
    above_the_axes = slice(0, 30)
    assert (drawn[0][above_the_axes] != drawn[1][above_the_axes]).any()


def test_the_returned_figure_is_whole():
    figure = BoundaryPicture(LABELS).draw(POINTS, EXTENT, LOGIT, "epoch 3")
    axes = figure.axes[0]
    assert axes.get_title() == "epoch 3"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x0", "x1")
    assert axes.get_xlim() == EXTENT[:2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Y = 1", "Y = 0"]


def test_a_logit_of_one_sign_has_no_line():
    picture = BoundaryPicture()
    picture.draw(POINTS, EXTENT, np.full((5, 5), 800.0), "always green")
    assert close(colour_at(picture, picture.png(), 2, 12), PROBABILITY_BANDS[-1])


def test_overview_has_a_panel_each():
    panels = [(POINTS, EXTENT, LOGIT, name) for name in ("one", "two", "three")]
    figure = boundary_overview(panels, LABELS, columns=2)
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in visible] == ["one", "two", "three"]
    assert [axes.get_xlabel() for axes in visible] == ["", "x0", "x0"]
    assert [axes.get_ylabel() for axes in visible] == ["x1", "", "x1"]
