"""Accuracies over many splits of a data set, one violin per treatment of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import BLUE, INK

Array = npt.NDArray[Any]
# One accuracy per split, and their mean.
Sample = tuple[Array, float]


def split_accuracies(panels: Mapping[str, Mapping[str, Sample]], title: str) -> Figure:
    """A panel per data set, in it a violin per treatment, its mean marked and printed.

    Each panel has its own vertical axis: a small gain on one data set is a large one on another.

    Args:
        panels: by the panel's title, by the treatment.
        title: the picture's title.

    Example:
        >>> figure = split_accuracies({"wine": {"raw": (np.array([0.5, 0.75]), 0.625)}}, "two")
        >>> figure.axes[0].texts[0].get_text()
        '0.625'
    """
    widths = [0.7 + 0.85 * len(samples) for samples in panels.values()]
    figure = Figure(figsize=(0.8 + sum(widths), 4.4), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, width_ratios=widths)[0]
    for axes, (name, samples) in zip(grid, panels.items(), strict=True):
        values, means = zip(*samples.values(), strict=True)
        places = np.arange(len(values))
        bodies = axes.violinplot(values, places, widths=0.85, showextrema=False, bw_method=0.35)[
            "bodies"
        ]
        for body in bodies:
            body.set(facecolor=BLUE, edgecolor=BLUE, alpha=0.4)
        axes.plot(places, means, "o", color=INK, markersize=6, label="mean")
        for place, mean in zip(places, means, strict=True):
            axes.annotate(
                f"{mean:.3f}", (place, mean), (0, 8), textcoords="offset points", ha="center",
                fontsize=11, fontweight="bold",
            )  # fmt: skip
        axes.set_xticks(places, list(samples), rotation=30, ha="right", rotation_mode="anchor")
        axes.tick_params(labelsize=11)
        axes.set_title(name, fontsize=12)
    grid[0].set_ylabel("accuracy on points not seen", fontsize=11)
    figure.legend(
        *grid[0].get_legend_handles_labels(), loc="outside lower right", fontsize=11, frameon=False
    )
    figure.suptitle(title, fontsize=12)
    return figure
