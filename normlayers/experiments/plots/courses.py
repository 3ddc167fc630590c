"""Several measures over one quantity, one line per kind of network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def courses(
    across: tuple[str, Sequence[float]],
    panels: Mapping[str, Mapping[str, Array]],
    title: str,
) -> Figure:
    """A panel per measure, in it one line per kind of network, with its 95 % interval.

    Args:
        across: the quantity's name and its values.
        panels: by the measure's name, by the kind's name: the values, shape ``(3, steps)``: the
            estimates and their intervals' lower and upper ends.
        title: the picture's title.

    Example:
        >>> line = np.array([[0.5, 0.6], [0.4, 0.5], [0.6, 0.7]])
        >>> courses(("shift", [0, 1]), {"moved": {"relu": line}}, "two").axes[0].get_title()
        'moved'
    """
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(0.6 + 3.3 * columns, 0.7 + 2.7 * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (measure, lines) in zip(grid.flat, panels.items(), strict=False):
        for (name, values), (color, marker, dashes) in zip(lines.items(), STYLES, strict=False):
            estimate, low, high = np.asarray(values, float)
            axes.fill_between(across[1], low, high, color=color, alpha=0.2, linewidth=0)
            axes.plot(
                across[1], estimate, color=color, marker=marker, linestyle=dashes, markersize=4,
                linewidth=1.6, label=name,
            )  # fmt: skip
        axes.set_title(measure, fontsize=10)
        axes.set_xlabel(across[0], fontsize=10)
        axes.set_ylim(bottom=0)
        axes.tick_params(labelsize=9)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=6,
        fontsize=9,
        frameon=False,
    )
    return figure
