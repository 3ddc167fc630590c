"""The gradient of each feature over the feature's scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def feature_gradients(
    panels: Mapping[str, tuple[Array, Mapping[str, Array]]], title: str
) -> Figure:
    """A panel per data set: each feature's gradient, as a share of the largest one's, by its scale.

    Args:
        panels: by the data's name, the features' standard deviations, shape ``(features,)``, and
            by the variant's name the norms of their gradients, the same shape.
        title: the picture's title.

    Example:
        >>> scales = np.array([0.1, 1.0])
        >>> figure = feature_gradients({"wine": (scales, {"raw": scales})}, "one")
        >>> figure.axes[0].get_xscale()
        'log'
    """
    figure = Figure(figsize=(0.8 + 2.5 * len(panels), 3.5), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (name, (scales, variants)) in zip(grid, panels.items(), strict=True):
        order = np.argsort(scales)
        for (variant, norms), (color, marker, dashes) in zip(
            variants.items(), STYLES, strict=False
        ):
            axes.plot(
                scales[order], norms[order] / norms.max(), color=color, marker=marker,
                linestyle=dashes, linewidth=0.8, markersize=5, label=variant,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_title(name, fontsize=11)
        axes.set_xlabel("feature's standard deviation\n(in the data's units)", fontsize=10)
        axes.tick_params(labelsize=9)
    grid[0].set_ylabel("gradient, of the largest", fontsize=10)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize=9,
        frameon=False,
    )
    return figure
