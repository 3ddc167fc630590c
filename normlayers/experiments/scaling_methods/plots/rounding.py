"""What a floating-point type leaves of data at an offset, or scaled by a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]
Lines = Mapping[str, Array]


def rounding(
    panels: Mapping[str, tuple[Sequence[float], Lines, Lines]], error_name: str, title: str
) -> Figure:
    """A panel per way to be far from 1, in it the error over the distance.

    Args:
        panels: by the horizontal axis's name: its values, over 0; by name the errors that were
            measured; by name those that were derived. An error that is not finite is left out.
        error_name: of the vertical axis.
        title: the picture's title.

    Example:
        >>> panel = ([1, 10], {"float32": np.array([0.1, 1])}, {})
        >>> rounding({"offset": panel}, "error", "one").axes[0].get_yscale()
        'log'
    """
    figure = Figure(figsize=(0.8 + 4.3 * len(panels), 4.0), dpi=110, layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    styles = dict(
        zip(
            dict.fromkeys(name for _, measured, _ in panels.values() for name in measured),
            STYLES[1:],
            strict=False,
        )
    )
    for axes, (name, (across, measured, derived)) in zip(grid, panels.items(), strict=True):
        for label, errors in measured.items():
            color, marker, _ = styles[label]
            axes.plot(across, errors, color=color, marker=marker, linewidth=1.8, label=label)
        for label, errors in derived.items():
            finite = np.where(np.isfinite(errors), errors, np.nan)
            axes.plot(
                across, finite, color="#000000", linestyle=(0, (2, 2)), linewidth=1.6, marker="x",
                markersize=9, label=label,
            )  # fmt: skip
        axes.axhline(1, color="#888888", linestyle=":", linewidth=1.4, label="nothing is left")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(name, fontsize=11)
        axes.tick_params(labelsize=10)
    grid[0].set_ylabel(error_name, fontsize=11)
    figure.legend(
        *grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=11,
        frameon=False,
    )  # fmt: skip
    figure.suptitle(title, fontsize=12)
    return figure
