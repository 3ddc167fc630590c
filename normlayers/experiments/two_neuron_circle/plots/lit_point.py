"""A data point, and the neurons of a network that it lights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.experiments.two_neuron_circle.plots.named_network import NamedNetwork
from normlayers.pictures.boundary import LEGEND, point_styles
from normlayers.pictures.network import legend_of_neurons
from normlayers.pictures.palette import INK
from normlayers.pictures.png import RedrawnFigure

Array = npt.NDArray[Any]


class LitPointPicture(RedrawnFigure):
    """A figure of one of the data's points and of the network it goes through.

    The point stands out among the others; of the network a hidden neuron is green where it is
    active, an output blue, and a white one is not active.

    Args:
        points: shape ``(points, 2)``.
        labels: booleans, one per point: green circles where true (Y = 1), blue squares elsewhere.
        names: the neurons' names, layer by layer, the inputs first.
        note: a text in all the pictures.

    Example:
        >>> names = [["x0", "x1"], ["h0", "h1"], ["y"]]
        >>> picture = LitPointPicture(np.eye(2), np.array([True, False]), names)
        >>> hidden, output = np.array([True, False]), np.array([True])
        >>> figure = picture.draw(0, [hidden, output], "epoch 0", "point 1 of 2")
        >>> picture.png()[1:4]
        b'PNG'
    """

    def __init__(
        self, points: Array, labels: Array, names: Sequence[Sequence[str]], note: str = ""
    ) -> None:
        figure = Figure(figsize=(5.6, 2.7), dpi=100)
        axes = figure.add_axes((0.09, 0.21, 0.38, 0.66))
        self._points = points
        # One legend entry per class, and for each point the artist that shows it.
        self._current, self._shown_by = [], np.zeros(len(points), int)
        for number, (chosen, style) in enumerate(point_styles(labels)):
            axes.plot(points[chosen, 0], points[chosen, 1], **style, alpha=0.35)
            style |= {"markersize": 9, "markeredgecolor": INK, "markeredgewidth": 1.5}
            self._current += axes.plot([], [], **style)
            self._shown_by[chosen] = number
        axes.set_xlabel(names[0][0], fontsize=10, loc="left")
        axes.set_ylabel(names[0][1], fontsize=10)
        axes.tick_params(labelsize=8)
        axes.locator_params(nbins=5)
        figure.legend(
            handles=self._current, loc="lower right", bbox_to_anchor=(0.48, 0.0), ncols=2, **LEGEND
        )
        self._network = NamedNetwork(figure.add_axes((0.5, 0.19, 0.49, 0.7)), names)
        meanings = {**LEGEND, "fontsize": 7.5, "handletextpad": 0.1}
        figure.legend(handles=legend_of_neurons(), loc="lower right", ncols=3, **meanings)
        figure.text(0.99, 0.135, note, ha="right", fontsize=7.5)
        self._title = figure.text(0.09, 0.925, "", fontsize=10)
        self._caption = figure.text(0.99, 0.925, "", ha="right", fontsize=10)
        super().__init__(figure, [*self._current, self._network.nodes, self._caption])

    def draw(self, point: int, active: Sequence[Array], title: str, caption: str) -> Figure:
        """Show a point.

        Args:
            point: its index.
            active: booleans for each layer but the inputs, shape ``(neurons,)``: what it lights.
            title: what a film's pictures have in common; another one takes long to draw.
            caption: what this picture is of.

        Returns:
            the figure, the same at every call.

        Raises:
            ValueError: the shapes of ``active`` are not those of the network.
        """
        self._network.light(active)
        for number, artist in enumerate(self._current):
            here = [point] if number == self._shown_by[point] else []
            artist.set_data(self._points[here, 0], self._points[here, 1])
        if title != self._title.get_text():
            self._title.set_text(title)
            self.forget_background()
        self._caption.set_text(caption)
        return self.figure
