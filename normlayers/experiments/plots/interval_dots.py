"""Medians and ranges of several measures of several kinds of networks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.experiments.plots.band_grid import LINES

Array = npt.NDArray[Any]


def interval_dots(
    rows: Mapping[str, Mapping[str, Mapping[str, Sequence[Array]]]],
    categories: Sequence[str],
    title: str,
    axis_label: str = "",
    logarithmic: Collection[str] = (),
    bounds: Sequence[float] = (),
) -> Figure:
    """A row a measure, a column a group; in it, for each category, a dot and its ranges a variant.

    Dots are medians, thick lines go from the 25 % to the 75 % quantile, thin ones from 5 % to 95 %.
    Infinite values count in quantiles; an infinite median is a hollow dot on the upper edge. Values
    that are no numbers are left out, and the column's title says how many.

    Args:
        rows: by the measure's name with its unit, by the column's name, by the variant's: an array
            a category, a value a network; an empty one where there is none.
        categories: their names.
        title: the picture's title.
        axis_label: what the categories are.
        logarithmic: measures whose axis is logarithmic.
        bounds: values to compare with on the logarithmic axes.

    Example:
        >>> values = {"raw": [np.arange(5.0)], "standardized": [np.arange(5.0) + 1]}
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
            left_out = _draw(axes, variants)
            if measure in logarithmic:
                axes.set_yscale("log")
                for bound in bounds:
                    axes.axhline(bound, color="#777777", linestyle=":", linewidth=1.2)
            slanted: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
            is_short = max(map(len, categories)) <= 2
            axes.set_xticks(range(len(categories)), categories, **({} if is_short else slanted))
            axes.set_xlim(-0.6, len(categories) - 0.4)
            axes.tick_params(labelsize=9)
            names = [column] * (number == 0) + [f"({left_out:,} left out)"] * (left_out > 0)
            axes.set_title(" ".join(names), fontsize=11)
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


def _draw(axes: Any, variants: Mapping[str, Sequence[Array]]) -> int:
    """Draw a panel and return how many values are no numbers."""
    left_out = 0
    for number, ((name, samples), (color, marker, _)) in enumerate(
        zip(variants.items(), LINES, strict=False)
    ):
        aside = 0.6 / len(variants) * (number - (len(variants) - 1) / 2)
        look = {"color": color, "marker": marker, "markersize": 5.5, "linestyle": "none"}
        axes.plot([], [], label=name, **look)
        for category, sample in enumerate(samples):
            known = np.asarray(sample, float)[~np.isnan(sample)]
            left_out += len(sample) - len(known)
            if not len(known):
                continue
            # Of values that occur: infinite ones have no mean with others.
            low, lower, middle, upper, high = np.quantile(
                known, (0.05, 0.25, 0.5, 0.75, 0.95), method="lower"
            )
            place = category + aside
            if np.isinf(middle):
                axes.plot(
                    place, 0.97, markerfacecolor="white", transform=axes.get_xaxis_transform(),
                    **look,
                )  # fmt: skip
                continue
            top = known[np.isfinite(known)].max()
            for ends, width in (((low, high), 1.4), ((lower, upper), 4.5)):
                axes.plot([place] * 2, np.minimum(ends, top), color=color, linewidth=width,
                          alpha=0.5 if width > 2 else 1, solid_capstyle="butt")  # fmt: skip
            axes.plot(place, middle, **look)
    return left_out
