"""Training loss over the epochs, and final accuracy, of several kinds of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]
# Quantiles of the loss at 5, 50 and 95 % in nats, shape ``(3, epochs)``; the validation accuracies
# that are finite, one per network, and their median.
Kind = tuple[Array, Array, float]


def loss_and_accuracy(kinds: Mapping[str, Kind], chance_loss: float, title: str) -> Figure:
    """Left the losses' medians with bands that hold 90 % of the networks, right the accuracies.

    Args:
        kinds: by the kind of network's name. Infinite quantiles are not drawn.
        chance_loss: of a network that gives all classes the same probability.
        title: the picture's title.

    Example:
        >>> losses = np.array([[2.0, 1.0], [2.1, 1.1], [2.2, 1.2]])
        >>> kind = (losses, np.array([0.8, 0.9]), 0.8)
        >>> figure = loss_and_accuracy({"raw": kind}, 2.3, "two")
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['training loss (nats)', 'validation accuracy after training']
    """
    figure = Figure(figsize=(9.4, 4.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    styled = zip(kinds.items(), STYLES, strict=False)
    for number, ((name, (losses, accuracies, middle)), (color, marker, dashes)) in enumerate(
        styled
    ):
        low, median, high = np.where(np.isfinite(losses), losses, np.nan)
        epochs = np.arange(1, len(median) + 1)
        left.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
        left.plot(
            epochs, median, color=color, linestyle=dashes, marker=marker, markersize=5,
            markevery=max(1, len(epochs) // 6), linewidth=1.8, label=name,
        )  # fmt: skip
        body = right.violinplot(accuracies, [number], widths=0.8, showextrema=False, bw_method=0.2)[
            "bodies"
        ][0]
        body.set(facecolor=color, edgecolor=color, alpha=0.35)
        right.plot(number, middle, marker=marker, color=color, markersize=8)
    left.axhline(chance_loss, color="#888888", linestyle=":", linewidth=1.4, label="guessing")
    left.set_yscale("log")
    left.yaxis.set_major_formatter("{x:g}")
    left.set_xlabel("epoch", fontsize=11)
    left.set_ylabel("training loss (nats)", fontsize=11)
    left.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    right.set_xticks(range(len(kinds)), list(kinds), rotation=30, ha="right", fontsize=11)
    right.set_ylabel("validation accuracy after training", fontsize=11)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=11,
        frameon=False,
    )  # fmt: skip
    figure.suptitle(title, fontsize=12)
    return figure
