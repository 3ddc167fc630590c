"""How many networks' losses fall, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def training_curves(
    grid: Mapping[str, Mapping[str, Mapping[str, Array]]],
    title: str,
    target: Mapping[str, float] | None = None,
    axis_label: str = "loss in nats",
) -> Figure:
    """A panel for each pair of groups, in it a median and two bands a kind of network.

    Args:
        grid: by the row's name, by the column's, by the kind's: losses, shape
            ``(networks, epochs)``; values that are not finite are left out.
        title: the picture's title.
        target: by the row's name, a loss to compare with.
        axis_label: what the values are, with their unit.

    Example:
        >>> losses = {"raw": np.ones((3, 10)), "standardized": np.full((3, 10), 0.5)}
        >>> figure = training_curves({"wine": {"relu": losses}}, "six", {"wine": 0.7})
        >>> figure.axes[0].get_yscale()
        'log'
    """
    columns = len(next(iter(grid.values())))
    figure = Figure(
        figsize=(0.9 + 2.1 * columns, 0.9 + 1.75 * len(grid)), dpi=110, layout="constrained"
    )
    panels = figure.subplots(len(grid), columns, squeeze=False, sharex=True, sharey="row")
    for number, (row, kinds) in enumerate(grid.items()):
        for axes, (column, lines) in zip(panels[number], kinds.items(), strict=True):
            _draw(axes, lines)
            if target:
                axes.axhline(
                    target[row], color="#777777", linestyle=":", linewidth=1.4, label="target"
                )
            axes.set_yscale("log")
            axes.tick_params(labelsize=9)
            if number == 0:
                axes.set_title(column, fontsize=11)
            if number == len(grid) - 1:
                axes.set_xlabel("epoch", fontsize=10)
        panels[number, 0].set_ylabel(f"{row}\n{axis_label}", fontsize=10)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=6,
        fontsize=9,
        frameon=False,
    )
    return figure


def _draw(axes: Any, lines: Mapping[str, Array]) -> None:
    for (name, values), (color, _, dashes) in zip(lines.items(), STYLES, strict=False):
        finite = np.where(np.isfinite(values), values, np.nan)
        known = np.isfinite(finite).any(axis=0)
        epochs = 1 + np.flatnonzero(known)
        low, lower, median, upper, high = np.nanquantile(
            finite[:, known], (0.05, 0.25, 0.5, 0.75, 0.95), axis=0
        )
        axes.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
        axes.fill_between(epochs, lower, upper, color=color, alpha=0.35, linewidth=0)
        axes.plot(epochs, median, color=color, linestyle=dashes, linewidth=1.8, label=name)
