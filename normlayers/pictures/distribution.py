"""How a layer's activations are distributed as training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from normlayers.pictures.palette import BLUE, INK

Array = npt.NDArray[Any]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def distribution(steps: Sequence[int], quantiles: Array, title: str, unit: str = "epoch") -> Figure:
    """A picture of the quantiles of activations over training.

    Args:
        steps: where they were measured.
        quantiles: the ``QUANTILES`` at each, shape ``(steps, 5)``.
        title: the picture's title.
        unit: what steps are counted in.

    Example:
        >>> distribution([0, 1], np.arange(10.0).reshape(2, 5), "hidden").axes[0].get_xlabel()
        'epoch'
    """
    figure = Figure(figsize=(4.2, 3.0), dpi=110, layout="constrained")
    axes = figure.subplots()
    low, lower, median, upper, high = np.asarray(quantiles).T
    # A single step is a line too thin to see.
    marker = "o" if len(steps) == 1 else ""
    axes.fill_between(steps, low, high, color=BLUE, alpha=0.2, linewidth=0, label="5 to 95 %")
    axes.fill_between(steps, lower, upper, color=BLUE, alpha=0.4, linewidth=0, label="25 to 75 %")
    axes.plot(steps, median, color=INK, linewidth=2, marker=marker, label="median")
    axes.set_xlabel(unit, fontsize=11)
    axes.set_ylabel("activation", fontsize=11)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, frameon=False)
    return figure
