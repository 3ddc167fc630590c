"""A measure's distribution before training and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import BLUE, GREEN

Array = npt.NDArray[Any]

BINS = 41


def before_after(
    panels: Mapping[str, tuple[Array, Array]],
    axis_label: str,
    limits: tuple[float, float],
    title: str,
) -> Figure:
    """A panel per kind of network: histograms of a measure at the start and at the end.

    Args:
        panels: by name, the values at the start and at the end, one per network; those that are NaN
            or infinite are left out, and the panel's title says how many are left.
        axis_label: what the values are, with their unit.
        limits: the range of values.
        title: the picture's title.

    Example:
        >>> values = np.array([0.0, 0.5, np.nan])
        >>> figure = before_after({"relu": (values, values)}, "cosine", (-1, 1), "two")
        >>> figure.axes[0].get_title()
        'relu (2 networks)'
    """
    figure = Figure(figsize=(0.8 + 3.4 * len(panels), 3.4), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    edges = np.linspace(*limits, BINS + 1)
    for axes, (name, (start, end)) in zip(grid, panels.items(), strict=True):
        for values, color, label in ((start, GREEN, "at the start"), (end, BLUE, "at the end")):
            finite = values[np.isfinite(values)]
            weights = np.full(len(finite), 1 / max(1, len(finite)))
            axes.hist(
                finite, edges, weights=weights, color=color, alpha=0.45, histtype="stepfilled",
                edgecolor=color, linewidth=1.5, label=label,
            )  # fmt: skip
        axes.set_title(f"{name} ({np.isfinite(end).sum():,} networks)", fontsize=11)
        axes.set_xlabel(axis_label, fontsize=10)
        axes.tick_params(labelsize=9)
        axes.locator_params(axis="x", nbins=5)
    grid[0].set_ylabel("share of networks", fontsize=10)
    grid[0].legend(fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=11)
    return figure
