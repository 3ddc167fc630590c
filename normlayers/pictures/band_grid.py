"""A grid of panels, in each some lines with bands about them."""

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
# By name, a line's places, whole numbers, and its middle, lower and upper values, shape
# ``(3, places)``.
Lines = Mapping[str, tuple[Array, Array]]

# Colours, markers and dashes that are told apart in grey as well.
LINES = (STYLES[0], STYLES[1], STYLES[3], STYLES[4])
LEVEL = "#777777"


def band_grid(
    rows: Mapping[str, Mapping[str, Lines]],
    axis_labels: tuple[str, str],
    title: str,
    log: bool = False,
    level: tuple[str, float] | None = None,
) -> Figure:
    """Panels in rows and columns, which share their vertical axis row by row.

    Args:
        rows: by the row's name, by the column's, up to four lines by name; values that are not
            finite are left out.
        axis_labels: what is along, and what upwards, with their units.
        title: the picture's title.
        log: whether the vertical axis is logarithmic.
        level: a value to compare with, and its name before it.

    Example:
        >>> line = np.array([1, 2]), np.array([[2.0, 1.0], [1.5, 0.5], [2.5, 1.5]])
        >>> figure = band_grid({"relu": {"2 layers": {"none": line}}}, ("epoch", "loss"), "three")
        >>> figure.axes[0].get_title()
        'relu, 2 layers'
    """
    columns = len(next(iter(rows.values())))
    size = (1.0 + 3.2 * columns, 1.1 + 2.3 * len(rows))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, sharex="col", sharey="row")
    for line, (row, panels) in zip(grid, rows.items(), strict=True):
        for axes, (column, lines) in zip(line, panels.items(), strict=True):
            _draw(axes, lines)
            if level is not None:
                axes.axhline(level[1], color=LEVEL, linestyle=":", linewidth=1.4, label=level[0])
            if log:
                axes.set_yscale("log")
            axes.set_title(f"{row}, {column}", fontsize=11)
            axes.tick_params(labelsize=9, labelbottom=True)
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        line[0].set_ylabel(axis_labels[1], fontsize=10)
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
