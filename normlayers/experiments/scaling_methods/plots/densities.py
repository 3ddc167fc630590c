"""How features are distributed: histograms, and densities estimated with a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Array = npt.NDArray[Any]

# Okabe and Ito's (2008), distinguishable in all common kinds of colour vision.
COLORS = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."))
BINS = 24
# Where a panel's ranges differ by more, its axis is logarithmic.
WIDE = 30


def densities(panels: Mapping[str, Mapping[str, Mapping[str, Array]]], title: str) -> Figure:
    """A row per data set, a column per scaling, in each a histogram and density per feature.

    Each feature has a height of 1, since those of unequal scale would not be seen beside each
    other. Densities are of Gaussian kernels, as wide as Scott's (1992) rule says.

    Args:
        panels: by the row's name, by the column's, by the feature's: its values, finite and not
            all the same. Up to three features; a row has the same ones in every column.
        title: the picture's title.

    Example:
        >>> values = np.linspace(0, 1)
        >>> figure = densities({"wine": {"raw": {"hue": values}}}, "one")
        >>> figure.axes[0].get_title()
        'raw'
    """
    columns = max(map(len, panels.values()))
    figure = Figure(
        figsize=(0.8 + 2.7 * columns, 0.5 + 3.5 * len(panels)), dpi=110, layout="constrained"
    )
    bands: Any = figure.subfigures(len(panels), squeeze=False)
    for band, (row, places) in zip(bands[:, 0], panels.items(), strict=True):
        grid = band.subplots(1, columns, squeeze=False, sharey=True)[0]
        for axes, (column, features) in zip(grid, places.items(), strict=False):
            _draw(axes, features)
            axes.set_title(column, fontsize=12)
            axes.set_xlabel("value" if column == "raw" else "scaled value", fontsize=11)
        for axes in grid[len(places) :]:
            axes.set_visible(False)
        band.suptitle(row, fontsize=13, fontweight="bold")
        grid[0].set_ylabel("density (highest = 1)", fontsize=11)
        band.legend(
            *grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
            fontsize=11, frameon=False,
        )  # fmt: skip
    figure.suptitle(title, fontsize=14)
    return figure


def _draw(axes: Axes, features: Mapping[str, Array]) -> None:
    from scipy.stats import gaussian_kde

    spans = [np.ptp(values) for values in features.values()]
    least = min(np.min(values) for values in features.values())
    logarithmic = least > 0 and max(spans) > WIDE * min(spans)
    for (name, values), (color, dashes) in zip(features.items(), COLORS, strict=False):
        values = np.asarray(values, float)
        density = gaussian_kde(values)
        # As far as the kernels reach, but on a logarithmic axis not to 0.
        margin = 3 * density.factor * values.std()
        low = max(values.min() - margin, least / 2) if logarithmic else values.min() - margin
        places = np.linspace(low, values.max() + margin, 400)
        counts, edges = np.histogram(values, BINS)
        axes.stairs(counts / counts.max(), edges, fill=True, color=color, alpha=0.25)
        heights = density(places)
        axes.plot(
            places, heights / heights.max(), color=color, linestyle=dashes, linewidth=2, label=name
        )
    if logarithmic:
        axes.set_xscale("log")
    axes.set_ylim(0, 1.1)
    axes.tick_params(labelsize=10)
