"""How kinds of networks learn: their loss as they train, and their accuracy in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]


def loss_and_accuracy(
    kinds: Mapping[str, tuple[Array, Array]], chance_loss: float, title: str
) -> Figure:
    """Left the losses' medians with bands that hold 90 % of the networks, right the accuracies.

    Args:
        kinds: by name, each network's loss in nats, shape ``(networks, epochs)``, and its
            validation accuracy, shape ``(networks,)``. What is not finite is left out.
        chance_loss: of a network that gives all classes the same probability.
        title: the picture's title.

    Example:
        >>> kind = (np.array([[2.0, 1.0], [2.2, 1.2]]), np.array([0.8, 0.9]))
        >>> figure = loss_and_accuracy({"raw": kind}, 2.3, "two")
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['training loss (nats)', 'validation accuracy after training']
    """
    figure = Figure(figsize=(9.4, 4.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    styled = zip(kinds.items(), STYLES, strict=False)
    for number, ((name, (loss, accuracy)), (color, marker, dashes)) in enumerate(styled):
        epochs = np.arange(1, loss.shape[1] + 1)
        losses = np.where(np.isfinite(loss), loss, np.nan)
        low, median, high = np.nanquantile(losses, (0.05, 0.5, 0.95), axis=0)
        left.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
        left.plot(
            epochs, median, color=color, linestyle=dashes, marker=marker, markersize=5,
            markevery=max(1, len(epochs) // 6), linewidth=1.8, label=name,
        )  # fmt: skip
        body = right.violinplot(
            accuracy[np.isfinite(accuracy)], [number], widths=0.8, showextrema=False, bw_method=0.2
        )["bodies"][0]
        body.set(facecolor=color, edgecolor=color, alpha=0.35)
        right.plot(number, np.nanmedian(accuracy), marker=marker, color=color, markersize=8)
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
