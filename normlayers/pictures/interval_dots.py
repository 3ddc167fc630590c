"""Medians and ranges of several measures of several kinds of networks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def interval_dots(
    rows: Mapping[str, Mapping[str, Mapping[str, Sequence[Array]]]],
    categories: Sequence[str],
    title: str,
    logarithmic: Collection[str] = (),
    bounds: Sequence[float] = (),
) -> Figure:
    """A row a measure, a column a group; in it, for each category, a dot and its range a variant.

    Dots are medians, lines go from the 5 % to the 95 % quantile. A variant without a finite value
    in a category has no dot there; infinite values count in quantiles, and a dot there is drawn
    hollow on the upper edge.

    Args:
        rows: by the measure's name with its unit, by the column's name, by the variant's: an array
            a category, a value a network; NaN is left out.
        categories: their names.
        title: the picture's title.
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
        figsize=(0.9 + (0.6 + 0.42 * len(categories)) * len(columns), 1.3 + 1.9 * len(rows)),
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
            axes.set_xticks(
                range(len(categories)), categories, rotation=45, ha="right", rotation_mode="anchor"
            )
            axes.set_xlim(-0.6, len(categories) - 0.4)
            axes.tick_params(labelsize=9)
            if number == 0:
                axes.set_title(column, fontsize=11)
        panels[number, 0].set_ylabel(measure, fontsize=10)
    figure.suptitle(title, fontsize=11)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize=9,
        frameon=False,
    )
    return figure


def _draw(axes: Any, variants: Mapping[str, Sequence[Array]]) -> None:
    for number, ((name, samples), (color, marker, _)) in enumerate(
        zip(variants.items(), STYLES, strict=False)
    ):
        aside = 0.3 * (number - (len(variants) - 1) / 2)
        label: str | None = name
        for category, sample in enumerate(samples):
            known = np.asarray(sample, float)[~np.isnan(sample)]
            if not len(known):
                continue
            # Of values that occur: infinite ones have no mean with others.
            low, middle, high = np.quantile(known, (0.05, 0.5, 0.95), method="lower")
            place = category + aside
            if np.isfinite(middle):
                top = high if np.isfinite(high) else known[np.isfinite(known)].max()
                axes.plot([place, place], [low, top], color=color, linewidth=1.6)
                axes.plot(place, middle, marker, color=color, markersize=5.5, label=label,
                          linestyle="none")  # fmt: skip
            else:
                axes.plot(place, 0.97, marker, color=color, markersize=5.5, markerfacecolor="white",
                          transform=axes.get_xaxis_transform(), label=label,
                          linestyle="none")  # fmt: skip
            label = None
