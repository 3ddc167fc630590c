"""Condition numbers of loss surfaces over many data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from normlayers.pictures.palette import BLUE, INK

Array = npt.NDArray[Any]

# The condition numbers of data sets, their median, and the population's where it is known.
Row = tuple[Array, float, float | None]

POPULATION = "#D55E00"
# More dots would merge into one area.
MOST_DOTS = 1000


def condition_numbers(panels: Mapping[str, Mapping[str, Row]], title: str) -> Figure:
    """A panel per loss, in it a row per scaling: data sets as dots, the median, the population.

    Args:
        panels: by the loss's name, by the scaling's: a ``Row``, whose first ``MOST_DOTS`` data sets
            are drawn.
        title: the picture's title.

    Example:
        >>> found = {"loss": {"raw": (np.array([6.9, 7.0, 7.2]), 7.0, 6.99)}}
        >>> condition_numbers(found, "three").axes[0].get_xlabel()
        'condition number (1 = round)'
    """
    figure = Figure(figsize=(0.8 + 4.6 * len(panels), 3.9), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    heights = np.random.default_rng(0).uniform(-0.24, 0.24, MOST_DOTS)
    for axes, (loss, rows) in zip(grid, panels.items(), strict=True):
        for place, (values, median, population) in enumerate(rows.values()):
            dots = values[:MOST_DOTS]
            axes.plot(
                dots, place + heights[: len(dots)], ".", color=BLUE, alpha=0.25, markersize=4,
                markeredgewidth=0, label="a data set" if not place else None,
            )  # fmt: skip
            axes.plot(
                [median] * 2, [place - 0.32, place + 0.32], color=INK, linewidth=2,
                label="median" if not place else None,
            )  # fmt: skip
            if population is not None:
                axes.plot(
                    population, place, "D", color=POPULATION, markeredgecolor="white", markersize=8,
                    label="population" if not place else None,
                )  # fmt: skip
            axes.annotate(
                f"median {_spelled(median)}", (median, place - 0.36), ha="center", va="bottom",
                fontsize=9,
            )  # fmt: skip
        axes.set_yticks(range(len(rows)), list(rows), fontsize=10)
        axes.set_ylim(len(rows) - 0.55, -0.72)
        axes.set_xscale("log")
        axes.set_xlim(0.25, 5 * max(values.max() for values, _, _ in rows.values()))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.set_xlabel("condition number (1 = round)", fontsize=10)
        axes.set_title(loss, fontsize=11)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
    grid[0].set_ylabel("inputs", fontsize=10)
    legend = figure.legend(
        *grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9,
        frameon=False, markerscale=1.5,
    )  # fmt: skip
    for handle in legend.legend_handles:
        assert handle is not None
        handle.set_alpha(1)
    figure.suptitle(title, fontsize=12)
    return figure


def _spelled(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
