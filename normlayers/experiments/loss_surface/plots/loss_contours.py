"""Contour lines of losses over two weights, with the path that gradient descent takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from normlayers.pictures.palette import INK

Array = npt.NDArray[Any]

# Okabe and Ito's (2008) vermilion, which contrasts with blues in all common colour vision.
PATH = "#D55E00"
# Two lines per decade of the loss above its minimum, that at the start being 1.
LEVELS = 10.0 ** np.arange(-2, 4.5, 0.5)
# With a larger condition number the steps overlap.
CLOSE_UP_FROM, CLOSE_UP_STEPS = 100, 12


@dataclass(frozen=True)
class Bowl:
    """A loss over two weights, and a path on it.

    Attributes:
        first, second: the weights of the grid.
        heights: the loss above its minimum, as a part of that at the start, shape
            ``(len(second), len(first))``.
        minimum: the best weights, shape ``(2,)``.
        path: weights from the start on, shape ``(steps + 1, 2)``.
        stretch: the condition number at the minimum.
        note: a text above it.
    """

    first: Array
    second: Array
    heights: Array
    minimum: Array
    path: Array
    stretch: float
    note: str


def loss_contours(rows: Mapping[str, Mapping[str, Bowl]], title: str) -> Figure:
    """A row per loss, a column per scaling; one length is the same number along both weights.

    Args:
        rows: by the loss's name, by the scaling's.
        title: the picture's title.

    Example:
        >>> w = np.linspace(-1, 1, 5)
        >>> bowl = Bowl(w, w, w**2 + w[:, None] ** 2, np.zeros(2), np.eye(2), 1.0, "round")
        >>> loss_contours({"loss": {"raw": bowl}}, "one").axes[0].get_xlabel()
        'weight w1'
    """
    columns = max(map(len, rows.values()))
    size = (1.2 + 2.9 * columns, 1.1 + 3.3 * len(rows))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (loss, bowls) in zip(grid, rows.items(), strict=True):
        for axes, (scaling, bowl) in zip(line, bowls.items(), strict=True):
            drawn = _panel(axes, bowl)
            axes.set_title(f"{scaling}\n{bowl.note}", fontsize=11)
            axes.set_xlabel("weight w1", fontsize=10)
        line[0].set_ylabel(f"{loss}\nweight w2", fontsize=11)
    bar = figure.colorbar(drawn, ax=grid, shrink=0.6, aspect=30, ticks=LEVELS[::2])
    bar.set_label("loss above its minimum (start = 1)", fontsize=10)
    figure.suptitle(title, fontsize=12)
    figure.legend(
        *grid[0, -1].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        fontsize=10,
        frameon=False,
    )
    return figure


def _panel(axes: Axes, bowl: Bowl) -> QuadContourSet:
    # 0 has no logarithm.
    heights = np.maximum(bowl.heights, LEVELS[0] / 10)
    drawn = axes.contourf(
        bowl.first,
        bowl.second,
        heights,
        LEVELS,
        cmap="Blues",
        norm=LogNorm(LEVELS[0], LEVELS[-1]),
        extend="both",
    )
    axes.contour(bowl.first, bowl.second, heights, LEVELS, colors=INK, linewidths=0.5)
    axes.plot(
        *bowl.path.T, color=PATH, linewidth=1.6, marker="." if len(bowl.path) < 100 else "",
        markersize=5, label="path at the best learning rate",
    )  # fmt: skip
    axes.plot(
        *bowl.path[0], "o", color="white", markeredgecolor=INK, markersize=7, linestyle="",
        label="start",
    )  # fmt: skip
    axes.plot(
        *bowl.minimum, "*", color="#F0E442", markeredgecolor=INK, markersize=13, linestyle="",
        label="minimum",
    )  # fmt: skip
    axes.set_xlim(bowl.first[0], bowl.first[-1])
    axes.set_ylim(bowl.second[0], bowl.second[-1])
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8)
    axes.locator_params(nbins=5)
    if bowl.stretch > CLOSE_UP_FROM:
        _close_up(axes, bowl)
    return drawn


def _close_up(axes: Axes, bowl: Bowl) -> None:
    """The first steps, each weight on a scale of its own."""
    path = bowl.path[: CLOSE_UP_STEPS + 1]
    upwards = bowl.minimum[1] > bowl.path[0, 1]
    # The path must stay visible on the start's side of the minimum.
    inset = axes.inset_axes((0.56, 0.08 if upwards else 0.56, 0.41, 0.36))
    inset.plot(*path.T, color=PATH, linewidth=1, marker=".", markersize=3)
    inset.plot(*path[0], "o", color="white", markeredgecolor=INK, markersize=5)
    inset.text(
        0.5, 0.97, f"first {len(path) - 1} steps", transform=inset.transAxes, ha="center",
        va="top", fontsize=9,
    )  # fmt: skip
    inset.set_xticks([])
    inset.set_yticks([])
    inset.margins(0.12)
    low, high = inset.get_ylim()
    inset.set_ylim(low, high + 0.25 * (high - low))
