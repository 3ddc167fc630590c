"""Shares of neurons that are always on, selective and dead, as stacked bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STATES_OF_NEURONS

Array = npt.NDArray[Any]


def state_bars(grid: Mapping[str, Mapping[str, Mapping[str, Array]]], title: str) -> Figure:
    """A panel for each pair of groups of networks, in it one bar per kind.

    Args:
        grid: by the row's name, by the column's, by the bar's: shares that are always on,
            selective and dead, which add up to 1, shape ``(3,)``.
        title: the picture's title.

    Example:
        >>> shares = np.array([0.25, 0.5, 0.25])
        >>> figure = state_bars({"relu": {"wine": {"start": shares, "end": shares}}}, "two")
        >>> len(figure.axes[0].patches)
        6
    """
    columns = len(next(iter(grid.values())))
    figure = Figure(
        figsize=(1.0 + 1.9 * columns, 1.5 + 1.5 * len(grid)), dpi=110, layout="constrained"
    )
    panels = figure.subplots(len(grid), columns, squeeze=False, sharex=True, sharey=True)
    for number, (row, kinds) in enumerate(grid.items()):
        for axes, (column, bars) in zip(panels[number], kinds.items(), strict=True):
            _draw(axes, bars)
            if number == 0:
                axes.set_title(column, fontsize=11)
        panels[number, 0].set_ylabel(f"{row}\nshare of neurons", fontsize=10)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        fontsize=9,
        frameon=False,
    )
    return figure


def _draw(axes: Any, bars: Mapping[str, Array]) -> None:
    shares = np.array(list(bars.values()))
    places = np.arange(len(shares))
    bottom = np.zeros(len(shares))
    for (state, color), share in zip(STATES_OF_NEURONS.items(), shares.T, strict=True):
        axes.bar(
            places, share, bottom=bottom, color=color, label=state, width=0.8,
            edgecolor="#444444", linewidth=0.5,
        )  # fmt: skip
        bottom = bottom + share
    axes.set_xticks(places, list(bars), rotation=45, ha="right", rotation_mode="anchor")
    axes.set_ylim(0, 1)
    axes.tick_params(labelsize=9)
