"""Medians and ranges of several measures of several kinds of networks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from normlayers.experiments.plots.band_grid import LINES

Array = npt.NDArray[Any]
# Quantiles at 5, 25, 50, 75 and 95 %, shape ``(5,)``, and how many values are not in them.
Spread = tuple[Array, int]


def interval_dots(
    rows: Mapping[str, Mapping[str, Mapping[str, Sequence[Spread]]]],
    categories: Sequence[str],
    title: str,
    axis_label: str = "",
    logarithmic: Collection[str] = (),
    bounds: Sequence[float] = (),
) -> Figure:
    """A row per measure, a column per group; in it, for each category, a dot and two ranges.

    Dots are medians, thick lines go from the 25 % to the 75 % quantile, thin ones from 5 % to 95 %.
    A line whose end is infinite goes to the upper edge; an infinite median is a hollow dot there,
    without lines. The column's title says how many values were left out.

    Args:
        rows: by the measure's name with its unit, by the column's name, by the variant's: one
            ``Spread`` per category; quantiles of NaN where there is no value.
        categories: their names.
        title: the picture's title.
        axis_label: what the categories are.
        logarithmic: measures whose axis is logarithmic.
        bounds: values to compare with on the logarithmic axes.

    Example:
        >>> values = {"raw": [(np.arange(5.0), 0)], "standardized": [(np.arange(5.0) + 1, 0)]}
        >>> figure = interval_dots({"epochs": {"wine": values}}, ["relu"], "five")
        >>> figure.axes[0].get_ylabel()
        'epochs'
    """
    columns = list(next(iter(rows.values())))
    figure = Figure(
        figsize=(0.9 + (0.7 + 0.45 * len(categories)) * len(columns), 1.3 + 1.9 * len(rows)),
        dpi=110,
        layout="constrained",
    )
    panels = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey="row")
    for number, (measure, groups) in enumerate(rows.items()):
        for axes, (column, variants) in zip(panels[number], groups.items(), strict=True):
            _draw(axes, variants)
            if measure in logarithmic:
                axes.set_yscale("log")
                for bound in bounds:
                    axes.axhline(bound, color="#777777", linestyle=":", linewidth=1.2)
            _name_categories(axes, categories)
            left_out = sum(count for spreads in variants.values() for _, count in spreads)
            names = [column] * (number == 0) + [f"({left_out:,} left out)"] * (left_out > 0)
            axes.set_title(" ".join(names), fontsize=11)
        _draw_to_the_edge(panels[number], groups)
        panels[number, 0].set_ylabel(measure, fontsize=10)
    for axes in panels[-1]:
        axes.set_xlabel(axis_label, fontsize=10)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize=9,
        frameon=False,
    )
    return figure


def _name_categories(axes: Axes, categories: Sequence[str]) -> None:
    slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    is_short = max(map(len, categories)) <= 2
    axes.set_xticks(range(len(categories)), categories, **({} if is_short else slanted))
    axes.set_xlim(-0.6, len(categories) - 0.4)
    axes.tick_params(labelsize=9)


def _places(variants: int, number: int, categories: int) -> Array:
    """Where a variant's dots are, so that those of a category stand side by side."""
    return np.arange(categories) + 0.6 / variants * (number - (variants - 1) / 2)


def _draw(axes: Axes, variants: Mapping[str, Sequence[Spread]]) -> None:
    """The dots, and the lines with two finite ends."""
    styled = zip(variants.items(), LINES, strict=False)
    for number, ((name, spreads), (color, marker, _)) in enumerate(styled):
        look: dict[str, Any] = {"color": color, "marker": marker, "markersize": 5.5}
        look["linestyle"] = "none"
        axes.plot([], [], label=name, **look)
        places = _places(len(variants), number, len(spreads))
        for place, (quantiles, _) in zip(places, spreads, strict=True):
            middle = quantiles[2]
            if np.isinf(middle):
                edge = axes.get_xaxis_transform()
                axes.plot(place, 0.97, markerfacecolor="white", transform=edge, **look)
                continue
            if np.isnan(middle):
                continue
            for (low, high), width in _ranges(quantiles):
                if np.isfinite(high):
                    _line(axes, place, low, high, color, width)
            axes.plot(place, middle, **look)


def _draw_to_the_edge(
    row: Sequence[Axes], groups: Mapping[str, Mapping[str, Sequence[Spread]]]
) -> None:
    """The lines whose upper end is infinite, once the row's limits are known."""
    limits = row[0].get_ylim()
    for axes, variants in zip(row, groups.values(), strict=True):
        styled = zip(variants.values(), LINES, strict=False)
        for number, (spreads, (color, _, _)) in enumerate(styled):
            places = _places(len(variants), number, len(spreads))
            for place, (quantiles, _) in zip(places, spreads, strict=True):
                for (low, high), width in _ranges(quantiles):
                    if np.isfinite(quantiles[2]) and np.isinf(high):
                        _line(axes, place, low, limits[1], color, width)
    row[0].set_ylim(limits)


def _ranges(quantiles: Array) -> tuple[tuple[tuple[float, float], float], ...]:
    """The ends of the lines and their widths."""
    low, lower, _, upper, high = quantiles
    return ((low, high), 1.4), ((lower, upper), 4.5)


def _line(axes: Axes, place: float, low: float, high: float, color: str, width: float) -> None:
    axes.plot(
        [place] * 2, [low, high], color=color, linewidth=width, alpha=0.5 if width > 2 else 1,
        solid_capstyle="butt",
    )  # fmt: skip
