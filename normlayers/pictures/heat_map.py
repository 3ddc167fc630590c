"""Every neuron's activation on every point."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

Array = npt.NDArray[Any]


def heat_map(activations: Array, title: str, labels: Array | None = None) -> Figure:
    """A picture of activations, neurons by points; yellow is more.

    Args:
        activations: shape ``(points, neurons)``.
        title: the picture's title.
        labels: the points' classes, integers; they are then drawn class by class, with a
            line between.

    Example:
        >>> heat_map(np.eye(3), "epoch 0").axes[0].get_ylabel()
        'neuron'
    """
    figure = Figure(figsize=(4.2, 3.0), dpi=110, layout="constrained")
    axes = figure.subplots()
    what = "point"
    if labels is not None:
        order = np.argsort(labels, kind="stable")
        activations = activations[order]
        for border in np.flatnonzero(np.diff(labels[order])) + 0.5:
            axes.axvline(border, color="white", linewidth=1)
        what = "point, class by class"
    # Cividis is told apart by all eyes, and in grey.
    image = axes.imshow(activations.T, cmap="cividis", aspect="auto", interpolation="nearest")
    figure.colorbar(image, label="activation")
    axes.set_xlabel(what, fontsize=11)
    axes.set_ylabel("neuron", fontsize=11)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_title(title, fontsize=10)
    return figure
