"""The network's picture: who is lit in which colour.

Covers too: plain_text.py.
"""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from normlayers.pictures.network import CELL, MARGIN, NetworkPicture
from normlayers.pictures.palette import BLUE, GREEN, INACTIVE, INPUT

HIDDEN = np.array([[True, False], [True, True]])
OUTPUT = np.array([[False], [True]])


def test_active_neurons_are_green_the_output_blue_the_rest_white():
    figure = NetworkPicture([2, 2, 1], ["p", "q"]).draw([HIDDEN, OUTPUT], "epoch 0")
    nodes = max(figure.axes[0].collections, key=lambda c: len(c.get_facecolor()))
    colours = [to_hex(colour).upper() for colour in nodes.get_facecolor()]
    assert colours == [INPUT, INPUT, GREEN, INACTIVE, INACTIVE, INPUT, INPUT, GREEN, GREEN, BLUE]
    assert {text.get_text() for text in figure.axes[0].texts} == {"p", "q"}


def test_neurons_stand_in_columns_that_do_not_overlap():
    figure = NetworkPicture([2, 16, 3, 1], ["p"] * 5).draw(
        [np.ones((5, size), bool) for size in (16, 3, 1)], "t"
    )
    nodes = max(figure.axes[0].collections, key=lambda c: len(c.get_offsets()))
    places = np.asarray(nodes.get_offsets())
    assert len(places) == 5 * 22
    assert len(np.unique(places.round(6), axis=0)) == len(places)


def test_the_quick_drawing_is_that_of_a_new_figure():
    pictures = [NetworkPicture([2, 2, 1], ["p", "q"]) for _ in range(2)]
    pictures[0].draw([~HIDDEN, ~OUTPUT], "epoch 0")
    pictures[0].png()
    drawn = []
    for picture in pictures:
        picture.draw([HIDDEN, OUTPUT], "epoch 20")
        drawn.append(np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB")))
    np.testing.assert_array_equal(*drawn)


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"active must have shapes \[\(2, 2\), \(2, 1\)\]"):
        NetworkPicture([2, 2, 1], ["p", "q"]).draw([HIDDEN[:1], OUTPUT], "epoch 0")


def test_drawings_are_alike_to_the_last_pixel():
    """A third of the PNG, which repeats what is alike."""
    picture = NetworkPicture([2, 2, 1], [""] * 6)
    picture.draw([np.tile(HIDDEN[0], (6, 1)), np.ones((6, 1), bool)], "")
    drawn = np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB"))
    top, left = MARGIN[::-1]
    cells = [
        drawn[top + row * CELL[1] :, left + column * CELL[0] :][: CELL[1], : CELL[0]]
        for row in range(2)
        for column in range(3)
    ]
    for cell in cells[1:]:
        np.testing.assert_array_equal(cell, cells[0])
