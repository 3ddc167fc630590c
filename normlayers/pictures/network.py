"""A network drawn as circles and lines, its neurons lit by data points."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from normlayers.pictures.palette import BLUE, GREEN, INACTIVE, INK, INPUT
from normlayers.pictures.png import RedrawnFigure

Array = npt.NDArray[Any]

# Width and height, in pixels, of one drawing and of what is left of and under all of them.
CELL, MARGIN, DPI = np.array([109, 108]), np.array([4, 27]), 96
# Drawings in a row.
COLUMNS = 3


class NetworkPicture(RedrawnFigure):
    """A figure with one drawing of a network a point, redrawn as the network changes.

    A hidden neuron is green where it is active, an output blue; a white one is not active.

    Args:
        sizes: neurons of each layer, the inputs first.
        captions: one a point, written over its drawing.

    Example:
        >>> picture = NetworkPicture([2, 2, 1], ["first point", "second point"])
        >>> hidden = np.array([[True, False], [True, True]])
        >>> figure = picture.draw([hidden, np.array([[True], [False]])], "epoch 0")
    """

    def __init__(self, sizes: Sequence[int], captions: Sequence[str]) -> None:
        rows = -(-len(captions) // COLUMNS)
        # Whole pixels from one drawing to the next: the drawings are then alike to the last pixel,
        # which makes the PNG a third smaller.
        inner, outer = (CELL * (COLUMNS, rows)), (CELL * (COLUMNS, rows) + 2 * MARGIN)
        figure = Figure(figsize=tuple(outer / DPI), dpi=DPI)
        self._axes = figure.add_axes((*(MARGIN / outer), *(inner / outer)))
        self._axes.set_axis_off()
        self._axes.set_title("", fontsize=10)
        self._axes.set_xlim(0, COLUMNS)
        self._axes.set_ylim(-rows, 0)
        self._sizes = list(sizes)
        corners = [(point % COLUMNS, -1.0 - point // COLUMNS) for point in range(len(captions))]
        self._place(corners)
        for (left, bottom), caption in zip(corners, captions, strict=True):
            self._axes.text(left + 0.5, bottom + 0.88, caption, ha="center", fontsize=9.5)
        figure.legend(handles=legend_of_neurons(), loc="lower center", ncols=3, fontsize=8,
                      frameon=False, handletextpad=0.1, columnspacing=1)  # fmt: skip
        super().__init__(figure, [self._nodes, self._axes.title])

    def draw(self, active: Sequence[Array], title: str) -> Figure:
        """Light the neurons.

        Args:
            active: booleans for each layer but the inputs, shape ``(points, neurons)``.
            title: the picture's title.

        Returns:
            the figure, the same at every call.

        Raises:
            ValueError: the shapes are not those of the network and the captions.
        """
        shapes = [np.shape(layer) for layer in active]
        expected = [(self._points, size) for size in self._sizes[1:]]
        if shapes != expected:
            raise ValueError(f"active must have shapes {expected}. Received: {shapes}")
        self._nodes.set_facecolor(
            [
                color
                for point in range(self._points)
                for color in neuron_colors(self._sizes[0], [layer[point] for layer in active])
            ]
        )
        self._axes.title.set_text(title)
        return self.figure

    def _place(self, corners: list[tuple[int, float]]) -> None:
        layers, links = nodes_and_links(self._sizes)
        nodes, links = (np.rint(at * CELL) / CELL for at in (np.concatenate(layers), links))
        lines = np.concatenate([links + corner for corner in corners])
        self._axes.add_collection(LineCollection(list(lines), colors=INK, linewidths=0.7, zorder=1))
        places = np.concatenate([nodes + corner for corner in corners])
        largest = max(self._sizes)
        self._nodes = self._axes.scatter(
            places[:, 0], places[:, 1], s=max(12, 360 / max(2, largest)), edgecolors=INK, zorder=2
        )
        self._points = len(corners)


def neuron_colors(inputs: int, active: Sequence[Array]) -> list[Any]:
    """One network's neurons' colours, layer by layer, from who is active in each but the inputs."""
    colors = [to_rgba(INPUT)] * inputs
    for depth, layer in enumerate(active, start=1):
        lit = BLUE if depth == len(active) else GREEN
        colors += [to_rgba(lit if neuron else INACTIVE) for neuron in layer]
    return colors


def nodes_and_links(sizes: Sequence[int]) -> tuple[list[Array], Array]:
    """Where neurons stand in a drawing of width and height 1, and the lines between them.

    Returns:
        for each layer the neurons' centres, shape ``(neurons, 2)``; the lines' two ends, shape
        ``(lines, 2, 2)``.

    Example:
        >>> [len(layer) for layer in nodes_and_links([2, 2, 1])[0]]
        [2, 2, 1]
    """
    across = np.linspace(0.16, 0.84, len(sizes))
    layers = [
        np.stack([np.full(size, x), _heights(size)], axis=1)
        for x, size in zip(across, sizes, strict=True)
    ]
    links = [
        (start, end) for before, after in pairwise(layers) for start in before for end in after
    ]
    return layers, np.array(links)


def legend_of_neurons() -> list[Line2D]:
    """What the colours mean, for a figure's legend."""
    meanings = {GREEN: "hidden, active", BLUE: "output, active", INACTIVE: "not active"}
    return [
        Line2D([], [], marker="o", linestyle="none", markersize=8, label=meaning,
               markerfacecolor=color, markeredgecolor=INK)
        for color, meaning in meanings.items()
    ]  # fmt: skip


def _heights(size: int) -> Array:
    """Centres of a layer's neurons, spread over a drawing of height 1."""
    spread = 0.5 * min(1.0, (size - 1) / 2) if size > 1 else 0.0
    return 0.44 + np.linspace(spread / 2, -spread / 2, size)
