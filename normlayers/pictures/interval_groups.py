"""Samples in groups, each as its median and the ranges about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlayers.pictures.band_grid import LINES

Array = npt.NDArray[Any]
# By the series' name, by the group's, a sample.
Series = Mapping[str, Mapping[str, Array]]

# How much of the way from one group to the next its samples fill.
FILLED = 0.6


def interval_groups(
    rows: Mapping[str, Mapping[str, Series]], axis_labels: tuple[str, str], title: str
) -> Figure:
    """Panels in rows and columns; in each up to four series over the same groups.

    A sample is a mark at its median, a thick bar from its 25 % to its 75 % quantile and a thin one
    from 5 % to 95 %.

    Args:
        rows: by the row's name, by the column's, the series; values that are not finite are left
            out, and the panel's title says how many.
        axis_labels: what the groups are, and the values, with their units.
        title: the picture's title.

    Example:
        >>> series = {"none": {"2": np.array([0.1, 0.2, 0.3]), "8": np.array([0.4, np.inf])}}
        >>> figure = interval_groups({"raw": {"relu": series}}, ("depth", "accuracy"), "three")
        >>> figure.axes[0].get_title()
        'relu, raw (1 diverged)'
    """
    columns = max(map(len, rows.values()))
    size = (1.0 + 3.0 * columns, 1.1 + 2.5 * len(rows))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, sharey=True)
    for line, (row, panels) in zip(grid, rows.items(), strict=True):
        for axes in line[len(panels) :]:
            axes.set_visible(False)
        for axes, (column, series) in zip(line, panels.items(), strict=False):
            left_out = _draw(axes, series)
            note = f" ({left_out:,} diverged)" if left_out else ""
            axes.set_title(f"{column}, {row}{note}", fontsize=11)
            axes.tick_params(labelsize=9, labelleft=True)
            axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_xlabel(axis_labels[0], fontsize=10)
        line[0].set_ylabel(axis_labels[1], fontsize=10)
    figure.suptitle(title, fontsize=12)
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=10,
        frameon=False,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, series: Series) -> int:
    """Draw a panel and return how many values are not finite."""
    left_out = 0
    groups = list(dict.fromkeys(group for samples in series.values() for group in samples))
    step = FILLED / len(series)
    for number, ((name, samples), (color, marker, _)) in enumerate(
        zip(series.items(), LINES, strict=False)
    ):
        label: str | None = name
        for group, sample in samples.items():
            place = groups.index(group) + (number - (len(series) - 1) / 2) * step
            finite = np.asarray(sample, float)[np.isfinite(sample)]
            left_out += len(sample) - len(finite)
            if not len(finite):
                continue
            low, lower, median, upper, high = np.quantile(finite, (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.plot([place, place], [low, high], color=color, linewidth=1.4)
            axes.plot([place, place], [lower, upper], color=color, linewidth=5, alpha=0.45,
                      solid_capstyle="butt")  # fmt: skip
            axes.plot([place], [median], color=color, marker=marker, markersize=6,
                      markeredgecolor="white", linestyle="", label=label)  # fmt: skip
            label = None  # once in the legend
    axes.set_xticks(range(len(groups)), groups)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    return left_out
