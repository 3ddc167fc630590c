"""Which class a model predicts where: regions over points of a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from normlayers.pictures.boundary import LEGEND, Extent
from normlayers.pictures.palette import CLASSES, INK
from normlayers.pictures.png import RedrawnFigure

Array = npt.NDArray[Any]


class ClassRegionsPicture(RedrawnFigure):
    """A figure of predicted classes that is redrawn as the model changes.

    Args:
        classes: how many there are.
        labels: integers, the points' classes; ``None`` draws all points alike.
        axis_labels: names of the two axes, with their unit if they have one.

    Example:
        >>> picture = ClassRegionsPicture(3)
        >>> corners, logit = np.array([[0.0, 0.0], [1.0, 1.0]]), np.zeros((2, 2, 3))
        >>> figure = picture.draw(corners, (0, 1, 0, 1), logit, "epoch 0")
        >>> picture.png()[1:4]
        b'PNG'
    """

    def __init__(
        self,
        classes: int,
        labels: Array | None = None,
        axis_labels: tuple[str, str] = ("x0", "x1"),
    ) -> None:
        figure = Figure(figsize=(4.2, 3.4), dpi=110)
        axes = figure.add_axes((0.16, 0.17, 0.66, 0.73))
        axes.set_xlabel(axis_labels[0], fontsize=10)
        axes.set_ylabel(axis_labels[1], fontsize=10)
        axes.tick_params(labelsize=9)
        axes.locator_params(nbins=5)
        colours = [CLASSES[c % len(CLASSES)] for c in range(classes)]
        tints = [tuple(0.55 + 0.45 * part for part in to_rgb(colour)) for colour in colours]
        self._image = axes.imshow(
            np.zeros((2, 2)), cmap=ListedColormap(tints), vmin=-0.5, vmax=classes - 0.5,
            origin="lower", aspect="auto", interpolation="nearest",
        )  # fmt: skip
        style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgecolor": "white"}
        style |= {"markersize": 4, "markeredgewidth": 0.4}
        self._points = []
        for c in range(classes) if labels is not None else [None]:
            chosen = slice(None) if labels is None or c is None else np.asarray(labels) == c
            colour = INK if c is None else colours[c]
            (artist,) = axes.plot([], [], color=colour, label=f"class {c}", **style)
            self._points.append((chosen, artist))
        if labels is not None:
            # Beside the axes, where it hides no point. Of more, colours repeat.
            named = [artist for _, artist in self._points[: len(CLASSES)]]
            if classes > len(named):
                rest = f"{classes - len(named)} more"
                named.append(Line2D([], [], linestyle="none", label=rest))
            figure.legend(handles=named, loc="center right", **{**LEGEND, "fontsize": 8})
        self._axes, self._extent = axes, (0.0, 0.0, 0.0, 0.0)
        axes.set_title("", fontsize=10)
        artists = [artist for _, artist in self._points]
        super().__init__(figure, [self._image, *artists, *axes.spines.values(), axes.title])

    def draw(self, points: Array, extent: Extent, logit: Array, title: str) -> Figure:
        """Show the regions.

        Args:
            points: shape ``(points, 2)``.
            extent: the grid's ``(left, right, bottom, top)``.
            logit: the classes' logits on the grid, shape ``(rows, columns, classes)``, rows from
                bottom to top.
            title: the picture's title.

        Returns:
            the figure, the same at every call.
        """
        self._image.set_data(logit.argmax(axis=-1))
        self._image.set_extent(extent)
        for chosen, artist in self._points:
            artist.set_data(points[chosen, 0], points[chosen, 1])
        self._axes.set_xlim(extent[:2])
        self._axes.set_ylim(extent[2:])
        self._axes.title.set_text(title)
        if extent != self._extent:
            self.forget_background()
            self._extent = extent
        return self.figure
