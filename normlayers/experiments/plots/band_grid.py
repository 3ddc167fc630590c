"""A grid of panels with lines and bands around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]
# By name, a line's places (integers) and its middle, lower and upper values, shape
# ``(3, places)``.
Lines = Mapping[str, tuple[Array, Array]]

# Colours, markers and dashes that can also be distinguished in greyscale.
LINES = (STYLES[0], STYLES[1], STYLES[3], STYLES[4])
LEVEL = "#777777"


def band_grid(
    rows: Mapping[str, Mapping[str, Lines]],
    axis_labels: tuple[str, str],
    title: str,
    log: bool = False,
    levels: tuple[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Panels in rows and columns, which share their vertical axis row by row.

    Args:
        rows: by the row's name, by the column's, up to four lines by name; NaN and infinite values
            are not drawn.
        axis_labels: of the horizontal and of the vertical axis, with their units.
        title: the picture's title.
        log: whether the vertical axis is logarithmic.
        levels: a name, and by the row's name a value to compare with.

    Example:
        >>> line = np.array([1, 2]), np.array([[2.0, 1.0], [1.5, 0.5], [2.5, 1.5]])
        >>> figure = band_grid({"relu": {"2 layers": {"none": line}}}, ("epoch", "loss"), "three")
        >>> figure.axes[0].get_title()
        '2 layers'
    """
    columns = len(next(iter(rows.values())))
    width = 3.2 if columns <= 3 else 2.1
    size = (1.0 + width * columns, 1.1 + (0.3 + 0.55 * width) * len(rows))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, sharex="col", sharey="row")
    for number, (row, panels) in enumerate(rows.items()):
        for axes, (column, lines) in zip(grid[number], panels.items(), strict=True):
            _draw(axes, lines)
            if levels is not None:
                value = levels[1][row]
                axes.axhline(value, color=LEVEL, linestyle=":", linewidth=1.4, label=levels[0])
            if log:
                axes.set_yscale("log")
            if number == 0:
                axes.set_title(column, fontsize=11)
            axes.tick_params(labelsize=9)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        grid[number, 0].set_ylabel(f"{row}\n{axis_labels[1]}", fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel(axis_labels[0], fontsize=10)
    figure.suptitle(title, fontsize=12)
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=10,
        frameon=False,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, lines: Lines) -> None:
    for (name, (places, values)), (color, marker, dashes) in zip(
        lines.items(), LINES, strict=False
    ):
        middle, low, high = np.where(np.isfinite(values), values, np.nan)
        axes.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(
            places, middle, color=color, marker=marker, linestyle=dashes, markersize=4,
            linewidth=1.8, label=name, markevery=max(1, len(places) // 8),
        )  # fmt: skip
