"""Points of two classes, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.boundary import LEGEND, point_styles

Array = npt.NDArray[Any]


def class_points(
    points: Array, labels: Array, title: str, axis_labels: tuple[str, str] = ("x0", "x1")
) -> Figure:
    """A picture of points, both axes to the same scale.

    Args:
        points: shape ``(points, 2)``.
        labels: booleans, one per point: green circles where true (Y = 1), blue squares elsewhere.
        title: the picture's title.
        axis_labels: names of the two axes.

    Example:
        >>> import numpy as np
        >>> figure = class_points(np.eye(2), np.array([True, False]), "two points")
        >>> figure.axes[0].get_aspect()
        1.0
    """
    figure = Figure(figsize=(3.5, 3.4), dpi=110)
    axes = figure.add_axes((0.15, 0.17, 0.8, 0.74))
    for chosen, style in point_styles(labels):
        axes.plot(points[chosen, 0], points[chosen, 1], **style)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(axis_labels[0], fontsize=11, loc="left")
    axes.set_ylabel(axis_labels[1], fontsize=11)
    axes.tick_params(labelsize=9)
    axes.locator_params(nbins=6)
    axes.set_title(title, fontsize=10)
    # Under the axes, where it hides no point.
    figure.legend(loc="lower right", ncols=2, **LEGEND)
    return figure
