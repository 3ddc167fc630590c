"""The variance of every feature, before and after its scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def feature_variances(panels: Mapping[str, Mapping[str, Array]], title: str) -> Figure:
    """A panel per data set, in it a line per scaling, the features ordered by the first's.

    Args:
        panels: by the panel's title, by the scaling: each feature's variance, over 0; the first
            is that before scaling.
        title: the picture's title.

    Example:
        >>> variances = {"raw": np.array([4.0, 0.5]), "x / std": np.ones(2)}
        >>> feature_variances({"wine": variances}, "two").axes[0].lines[0].get_ydata().tolist()
        [0.5, 4.0]
    """
    figure = Figure(figsize=(0.8 + 4.4 * len(panels), 4.2), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, lines) in zip(grid, panels.items(), strict=True):
        order = np.argsort(next(iter(lines.values())))
        places = np.arange(1, len(order) + 1)
        # Large hollow marks first: of lines that coincide both are visible.
        for number, ((scaling, variances), (color, marker, dashes)) in enumerate(
            zip(lines.items(), STYLES, strict=False)
        ):
            axes.plot(
                places, np.asarray(variances)[order], color=color, marker=marker, linewidth=1.4,
                linestyle=dashes, markersize=9 - 1.4 * number, fillstyle="none", label=scaling,
            )  # fmt: skip
        axes.set_yscale("log")
        axes.set_title(name, fontsize=12)
        axes.set_xlabel("feature, by its variance before scaling", fontsize=11)
        axes.tick_params(labelsize=10)
    grid[0].set_ylabel("variance (unit of the feature, squared)", fontsize=11)
    figure.legend(
        *_all_labels(grid), loc="outside lower center", ncols=6, fontsize=11, frameon=False
    )
    figure.suptitle(title, fontsize=13)
    return figure


def _all_labels(grid: Any) -> tuple[list[Any], list[str]]:
    found: dict[str, Any] = {}
    for axes in grid:
        handles, labels = axes.get_legend_handles_labels()
        found = dict(zip(labels, handles, strict=True)) | found
    return list(found.values()), list(found)
