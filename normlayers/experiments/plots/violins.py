"""Distributions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import BLUE, INK, REFERENCE_DASHES

Array = npt.NDArray[Any]
# Finite values, and their median.
Sample = tuple[Array, float]


def violins(
    panels: Mapping[str, Mapping[str, Sample]],
    axis_label: str,
    title: str,
    references: Mapping[str, float] | None = None,
) -> Figure:
    """A panel per group, in it a violin per sample, its median marked.

    Args:
        panels: by the panel's title, the samples by their names.
        axis_label: what the values are, with their unit.
        title: the picture's title.
        references: up to two values to compare with, by name.

    Example:
        >>> sample = (np.linspace(0, 1), 0.5)
        >>> figure = violins({"relu": {"centred": sample, "shifted": sample}}, "accuracy", "two")
        >>> figure.axes[0].get_ylabel()
        'accuracy'
    """
    widest = max(map(len, panels.values()))
    width = 0.9 + len(panels) * (0.4 + 0.42 * widest)
    figure = Figure(figsize=(max(4.5, width), 3.8), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, samples) in zip(grid, panels.items(), strict=True):
        values, medians = zip(*samples.values(), strict=True)
        places = np.arange(len(values))
        bodies = axes.violinplot(
            values, places, widths=0.85, showextrema=False, points=200, bw_method=0.15
        )
        for body in bodies["bodies"]:
            body.set(facecolor=BLUE, alpha=0.45, edgecolor=BLUE)
        axes.plot(places, medians, "o", color=INK, markersize=5, label="median")
        axes.set_xticks(places, list(samples), rotation=60, ha="right", rotation_mode="anchor")
        axes.tick_params(labelsize=10)
        axes.set_title(name, fontsize=11)
        for dashes, (label, value) in zip(
            REFERENCE_DASHES, (references or {}).items(), strict=False
        ):
            axes.axhline(value, color=INK, linestyle=dashes, linewidth=1.2, label=label)
    grid[0].set_ylabel(axis_label, fontsize=11)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside lower right",
        ncols=3,
        fontsize=9,
        frameon=False,
    )
    return figure
