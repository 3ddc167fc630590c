"""A network drawn large."""

import numpy as np
from matplotlib.colors import to_hex

from normlayers.experiments.two_neuron_circle.plots.named_network import network_drawing
from normlayers.pictures.palette import INACTIVE, INPUT

NAMES = [["x0", "x1"], ["h0", "h1"], ["y"]]


def test_every_neuron_is_there_named_and_not_lit():
    axes = network_drawing(NAMES, ["inputs", "hidden", "output"]).axes[0]
    lines, nodes = axes.collections
    assert len(nodes.get_offsets()) == 5
    assert len(lines.get_segments()) == 2 * 2 + 2 * 1
    colours = [to_hex(colour).upper() for colour in nodes.get_facecolor()]
    assert colours == [INPUT, INPUT, INACTIVE, INACTIVE, INACTIVE]
    assert [text.get_text() for text in axes.texts][:5] == ["x0", "x1", "h0", "h1", "y"]


def test_a_large_layer_stays_in_the_picture():
    axes = network_drawing([["x"], [f"h{i}" for i in range(16)], ["y"]], ["", "", ""]).axes[0]
    places = np.asarray(axes.collections[1].get_offsets())
    assert len(np.unique(places.round(6), axis=0)) == 18
    assert ((places > 0) & (places < 1)).all()
