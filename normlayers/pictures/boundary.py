"""The decision boundary over points of the input space or of a two-neuron layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from normlayers.pictures.palette import BLUE, GREEN, INK, PROBABILITY_BANDS
from normlayers.pictures.png import RedrawnFigure

Array = npt.NDArray[Any]
Extent = tuple[float, float, float, float]

LEGEND: dict[str, Any] = {
    "fontsize": 9, "frameon": False, "handletextpad": 0.0, "columnspacing": 0.8, "borderpad": 0.2,
}  # fmt: skip
# Of each band of probability, and of where there is none: transparent. Four bytes each.
BANDS = np.rint(255 * to_rgba_array([*PROBABILITY_BANDS, "none"])).astype("uint8")


class BoundaryPicture(RedrawnFigure):
    """A figure of a decision boundary that is redrawn as the model changes.

    Args:
        labels: booleans, one a point: green circles where true (Y = 1), blue squares elsewhere;
            ``None`` draws all points alike.
        axis_labels: names of the two axes, with their unit if they have one.

    Example:
        >>> picture = BoundaryPicture(np.array([True, False]))
        >>> corners, logit = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[-1.0, 0], [0, 1]])
        >>> figure = picture.draw(corners, (0, 1, 0, 1), logit, "epoch 0")
        >>> picture.png()[1:4]
        b'PNG'
    """

    def __init__(
        self, labels: Array | None = None, axis_labels: tuple[str, str] = ("x0", "x1")
    ) -> None:
        figure = Figure(figsize=(3.5, 3.0), dpi=96)
        axes = figure.add_axes((0.19, 0.2, 0.745, 0.66))
        axes.set_xlabel(axis_labels[0], fontsize=11, loc="left")
        axes.set_ylabel(axis_labels[1], fontsize=11)
        self._panel = _Panel(axes, labels)
        if labels is not None:
            # Under the axes, where it hides no point, beside the axis's name.
            figure.legend(loc="lower right", ncols=2, **LEGEND)
        self._axes = axes
        self._extent: Extent | None = None
        self._without_axes: Any = None
        super().__init__(figure, self._panel.artists)

    def draw(self, points: Array, extent: Extent, logit: Array, title: str) -> Figure:
        """Show a boundary.

        Args:
            points: shape ``(points, 2)``.
            extent: the grid's ``(left, right, bottom, top)``.
            logit: the model's logit on the grid, rows from bottom to top; the boundary is at 0.
                Of several, shape ``(rows, columns, logits)``, each has its line.
            title: the picture's title.

        Returns:
            the figure, the same at every call.
        """
        self._panel.draw(points, extent, logit, title)
        if extent != self._extent:
            self.forget_background()
            self._extent = extent
        return self.figure

    def png(self) -> bytes:
        """The figure as it is, as a PNG."""
        if self._background is None:
            self._draw_background()
        return super().png()

    def _draw_background(self) -> None:
        """Draw the ticks, which the extent changes, over what is drawn once and for all."""
        axis = (self._axes.xaxis, self._axes.yaxis)
        canvas = self._canvas
        if self._without_axes is None:
            hidden = [*self._changing, *axis]
            for artist in hidden:
                artist.set_animated(True)
            canvas.draw()
            self._without_axes = canvas.copy_from_bbox(self.figure.bbox)
            for artist in hidden:
                artist.set_animated(False)
        canvas.restore_region(self._without_axes)
        for artist in axis:
            artist.draw(canvas.get_renderer())
        self._background = canvas.copy_from_bbox(self.figure.bbox)


def boundary_overview(
    panels: Sequence[tuple[Array, Extent, Array, str]],
    labels: Array,
    columns: int,
) -> Figure:
    """Several boundaries over the same labels side by side.

    Args:
        panels: for each ``(points, extent, logit, title)`` as for ``BoundaryPicture.draw``.
        labels: booleans, one a point.
        columns: panels in a row.
    """
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.7 * rows + 0.4), dpi=100, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for position, (axes, content) in enumerate(zip(grid.flat, panels, strict=False)):
        _Panel(axes, labels).draw(*content)
        if position + columns >= len(panels):
            axes.set_xlabel("x0", fontsize=11)
        if position % columns == 0:
            axes.set_ylabel("x1", fontsize=11)
    figure.legend(
        *grid.flat[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, **LEGEND
    )
    return figure


class _Panel:
    """The artists of one boundary on one axes."""

    def __init__(self, axes: Axes, labels: Array | None) -> None:
        self._axes = axes
        # Coloured already: to colour it again and again takes three times as long.
        self._image = axes.imshow(
            _shades(np.zeros((2, 2))), origin="lower", aspect="auto", interpolation="nearest"
        )
        self._points: list[tuple[Any, Line2D]] = []
        for chosen, style in point_styles(labels):
            (artist,) = axes.plot([], [], **style)
            self._points.append((chosen, artist))
        (self._line,) = axes.plot([], [], color=INK, linewidth=2)
        axes.set_title("", fontsize=10, y=1)  # or matplotlib looks for a place
        axes.tick_params(labelsize=9)
        axes.locator_params(nbins=5)
        axes.ticklabel_format(scilimits=(-2, 4))
        axes.yaxis.get_offset_text().set_x(-0.23)  # a power of ten, left of the title
        self.artists = [
            self._image,
            *(artist for _, artist in self._points),
            self._line,
            *axes.spines.values(),
            axes.title,
        ]

    def draw(self, points: Array, extent: Extent, logit: Array, title: str) -> None:
        self._image.set_data(_shades(logit))
        self._image.set_extent(extent)
        self._line.set_data(*_zero_line(extent, logit))
        for chosen, artist in self._points:
            artist.set_data(points[chosen, 0], points[chosen, 1])
        self._axes.set_xlim(extent[:2])
        self._axes.set_ylim(extent[2:])
        self._axes.title.set_text(title)


def point_styles(labels: Array | None) -> list[tuple[Any, dict[str, Any]]]:
    """Which points are drawn how, as keyword arguments of ``Axes.plot``.

    Args:
        labels: booleans, one a point; ``None`` draws all points alike.

    Example:
        >>> [(chosen.tolist(), style["label"]) for chosen, style in point_styles([True, False])]
        [([True, False], 'Y = 1'), ([False, True], 'Y = 0')]
    """
    common = {"linestyle": "none", "markersize": 4.2, "markeredgecolor": "white",
              "markeredgewidth": 0.5}  # fmt: skip
    if labels is None:
        return [(slice(None), {**common, "color": INK, "marker": "o"})]
    labels = np.asarray(labels, bool)
    return [
        (labels, {**common, "color": GREEN, "marker": "o", "label": "Y = 1"}),
        (~labels, {**common, "color": BLUE, "marker": "s", "label": "Y = 0"}),
    ]


def _shades(logit: Array) -> Array:
    """The colours of probabilities, shape ``(rows, columns, 4)``, one byte a colour."""
    if logit.ndim == 3:  # several logits have no one side to colour
        return np.broadcast_to(BANDS[-1], (*logit.shape[:2], 4))
    # Clipped where the sigmoid is 0 or 1 to the eye, so that exp cannot overflow.
    probability = 1 / (1 + np.exp(-np.clip(logit, -50, 50)))
    bands = len(PROBABILITY_BANDS)
    return BANDS[np.nan_to_num(np.minimum(bands * probability, bands - 1), nan=bands).astype(int)]


def _zero_line(extent: Extent, logit: Array) -> tuple[Array, Array]:
    """The curve on which the logit is 0; its pieces are parted by NaN."""
    rows, columns = logit.shape[:2]
    across = np.linspace(extent[0], extent[1], columns)
    up = np.linspace(extent[2], extent[3], rows)
    surfaces = np.moveaxis(logit.reshape(rows, columns, -1), -1, 0)
    pieces = [
        piece for surface in surfaces for piece in contour_generator(across, up, surface).lines(0.0)
    ]
    if not pieces:
        return np.empty(0), np.empty(0)
    gap = np.full((1, 2), np.nan)
    line = np.concatenate([part for piece in pieces for part in (piece, gap)])
    return line[:, 0], line[:, 1]
