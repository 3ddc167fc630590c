"""One network drawn large, its neurons named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from normlayers.pictures.network import neuron_colors, nodes_and_links
from normlayers.pictures.palette import INK

Array = npt.NDArray[Any]

# The height that layers are centred on.
MIDDLE = 0.5


class NamedNetwork:
    """A network on axes of its own.

    Args:
        axes: where to draw.
        names: the neurons' names, layer by layer, the inputs first.

    Attributes:
        nodes: the artist that ``light`` changes.

    Example:
        >>> network = NamedNetwork(Figure().subplots(), [["x0", "x1"], ["h0", "h1"], ["y"]])
        >>> network.light([np.array([True, False]), np.array([True])])
    """

    def __init__(self, axes: Axes, names: Sequence[Sequence[str]]) -> None:
        self._sizes = [len(layer) for layer in names]
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        layers, links = _placed(self._sizes)
        axes.add_collection(LineCollection(list(links), colors=INK, linewidths=0.9, zorder=1))
        places = np.concatenate(layers)
        size = 900 / max(2, *self._sizes)
        room = 0.5 * size**0.5 + 3
        self.nodes = axes.scatter(
            places[:, 0], places[:, 1], s=size, edgecolors=INK, linewidths=1.2, zorder=2
        )
        for (x, y), name in zip(places, [n for layer in names for n in layer], strict=True):
            # Where no line goes.
            side, anchor = (1, "bottom") if y >= MIDDLE else (-1, "top")
            axes.annotate(
                name, (x, y), xytext=(0, side * room), textcoords="offset points",
                ha="center", va=anchor, fontsize=10,
            )  # fmt: skip
        self.light([np.zeros(size, bool) for size in self._sizes[1:]])

    def light(self, active: Sequence[Array]) -> None:
        """Light the active neurons: booleans, shape ``(neurons,)``, of each layer but the inputs.

        Raises:
            ValueError: the shapes are not those of the network.
        """
        shapes = [np.shape(layer) for layer in active]
        expected = [(size,) for size in self._sizes[1:]]
        if shapes != expected:
            raise ValueError(f"active must have shapes {expected}. Received: {shapes}")
        self.nodes.set_facecolor(neuron_colors(self._sizes[0], list(active)))


def network_drawing(names: Sequence[Sequence[str]], captions: Sequence[str]) -> Figure:
    """A picture of a network, nothing lit.

    Args:
        names: the neurons' names, layer by layer, the inputs first.
        captions: what each layer is, written under it.

    Example:
        >>> figure = network_drawing([["x0"], ["h0", "h1"], ["y"]], ["input", "hidden", "output"])
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['x0', 'h0', 'h1', 'y', 'input', 'hidden', 'output']
    """
    figure = Figure(figsize=(3.5, 2.4), dpi=110)
    axes = figure.add_axes((0.02, 0.08, 0.96, 0.92))
    NamedNetwork(axes, names)
    for layer, caption in zip(_placed([len(n) for n in names])[0], captions, strict=True):
        axes.text(layer[0, 0], 0, caption, ha="center", va="bottom", fontsize=9)
    return figure


def _placed(sizes: Sequence[int]) -> tuple[list[Array], Array]:
    """As ``nodes_and_links``, but higher, since there is nothing above."""
    layers, links = nodes_and_links(sizes)
    places = [*layers, links]
    middle = layers[0][:, 1].mean()
    for place in places:
        place[..., 1] = MIDDLE + 1.7 * (place[..., 1] - middle)
    return layers, links
