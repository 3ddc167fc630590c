"""Accuracy and neurons' states of many networks over the shift of their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from normlayers.pictures.palette import BLUE, INK, REFERENCE_DASHES, STATES_OF_NEURONS

Array = npt.NDArray[Any]

SMALL: dict[str, Any] = {"fontsize": 9, "frameon": False, "loc": "lower center"}


def sweep(
    shifts: Sequence[float],
    accuracy: Mapping[str, Array],
    states: Mapping[str, Array],
    references: Mapping[str, float],
    title: str,
) -> Figure:
    """A column per kind of network: accuracy over the data's shift, and its neurons' states.

    Args:
        shifts: how far the data are from 0.
        accuracy: by name, quantiles of the accuracy at 5, 25, 50, 75 and 95 %, shape
            ``(5, shifts)``.
        states: by name, the share of the neurons that are always on, selective and dead, shape
            ``(3, shifts)``.
        references: up to two accuracies to compare with, by name.
        title: the picture's title.

    Example:
        >>> import numpy as np
        >>> rows = np.array([[0.5, 0.5], [0.6, 0.5], [0.7, 0.5], [0.8, 0.6], [0.9, 0.6]])
        >>> shares = np.array([[0, 0.4], [1, 0.2], [0, 0.4]])
        >>> figure = sweep([0, 10], {"relu": rows}, {"relu": shares}, {"a line": 0.6}, "two")
        >>> len(figure.axes)
        2
    """
    columns = len(accuracy)
    figure = Figure(figsize=(1.0 + 2.1 * columns, 4.6), dpi=110, layout="constrained")
    grid = figure.subplots(2, columns, squeeze=False, sharex=True, sharey="row")
    for number, (name, values) in enumerate(accuracy.items()):
        top, bottom = grid[:, number]
        _bands(top, shifts, values)
        for dashes, (label, value) in zip(REFERENCE_DASHES, references.items(), strict=False):
            top.axhline(value, color=INK, linestyle=dashes, linewidth=1.2, label=label)
        top.set_title(name, fontsize=12)
        bottom.stackplot(
            shifts,
            states[name],
            colors=list(STATES_OF_NEURONS.values()),
            labels=list(STATES_OF_NEURONS),
        )
        bottom.set_ylim(0, 1)
        bottom.set_xlabel("shift of the data", fontsize=10)
        bottom.set_xlim(min(shifts), max(shifts))
        bottom.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    grid[0, 0].set_ylabel("accuracy", fontsize=11)
    grid[1, 0].set_ylabel("share of neurons", fontsize=11)
    figure.suptitle(title, fontsize=11)
    handles = [axes.get_legend_handles_labels() for axes in grid[:, 0]]
    figure.legend(
        [h for some, _ in handles for h in some],
        [label for _, some in handles for label in some],
        ncols=8,
        **{**SMALL, "loc": "outside lower center"},
    )
    return figure


def _bands(axes: Axes, shifts: Sequence[float], quantiles: Array) -> None:
    low, lower, median, upper, high = quantiles
    axes.fill_between(shifts, low, high, color=BLUE, alpha=0.2, linewidth=0, label="5 to 95 %")
    axes.fill_between(shifts, lower, upper, color=BLUE, alpha=0.4, linewidth=0, label="25 to 75 %")
    axes.plot(shifts, median, color=INK, linewidth=2, label="median network")
