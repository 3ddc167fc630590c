"""Class regions: the colours at the places the arrays say."""

import io

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from normlayers.pictures.class_regions import ClassRegionsPicture
from normlayers.pictures.palette import CLASSES

POINTS = np.array([[1.0, 1.0], [3.0, 3.0]])


def colour_at(picture, x, y):
    pixels = np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB")) / 255
    column, row = picture.figure.axes[0].transData.transform((x, y))
    return pixels[round(pixels.shape[0] - row), round(column)]


def test_every_place_has_its_class_and_every_point_its_own():
    picture = ClassRegionsPicture(3, np.array([2, 0]))
    logit = np.zeros((40, 40, 3))
    logit[:, :20, 1] = 1  # class 1 on the left, 2 on the right
    logit[:, 20:, 2] = 1
    picture.draw(POINTS, (0.0, 4.0, 0.0, 4.0), logit, "epoch 1")
    for place, colour, tint in [
        ((0.5, 3), CLASSES[1], 0.45),
        ((3.5, 1), CLASSES[2], 0.45),
        ((1, 1), CLASSES[2], 1),
        ((3, 3), CLASSES[0], 1),
    ]:
        expected = 1 - tint + tint * np.array(to_rgb(colour))
        np.testing.assert_allclose(colour_at(picture, *place), expected, atol=0.05)
    names = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert names == ["class 0", "class 1", "class 2"]


def test_is_redrawn_with_its_axes():
    picture = ClassRegionsPicture(2)
    first = picture.draw(POINTS, (0.0, 4.0, 0.0, 4.0), np.zeros((5, 5, 2)), "a") and picture.png()
    picture.draw(POINTS * 9, (0.0, 36.0, 0.0, 36.0), np.zeros((5, 5, 2)), "b")
    assert picture.png() != first
    assert picture.figure.axes[0].get_xlim() == (0, 36)


def test_the_colours_are_told_apart_in_grey_or_hue():
    colours = np.array([to_rgb(colour) for colour in CLASSES])
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1) + np.eye(len(CLASSES))
    assert apart.min() > 0.2


def test_of_many_classes_as_many_are_named_as_there_are_colours():
    """All of the legend is in the picture."""
    picture = ClassRegionsPicture(100, np.array([2, 0]))
    picture.draw(POINTS, (0.0, 4.0, 0.0, 4.0), np.zeros((5, 5, 100)), "a")
    picture.png()
    (legend,) = picture.figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*(f"class {number}" for number in range(len(CLASSES))), "90 more"]
    box, whole = legend.get_window_extent(), picture.figure.bbox
    assert whole.y0 <= box.y0 < box.y1 <= whole.y1
