"""Losses over two weights in three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from normlayers.pictures.palette import INK

Array = npt.NDArray[Any]


def loss_surfaces(
    rows: Mapping[str, Mapping[str, tuple[Array, Array, Array]]], title: str
) -> Figure:
    """A row per loss, a column per scaling; each weight covers the same range of numbers.

    Args:
        rows: by the loss's name, by the panel's: the weights w1 and w2 of a grid and the loss
            there, shape ``(len(w2), len(w1))``.
        title: the picture's title.

    Example:
        >>> w = np.linspace(-1, 1, 5)
        >>> figure = loss_surfaces({"loss": {"raw": (w, w, w**2 + w[:, None] ** 2)}}, "one")
        >>> figure.axes[0].get_zlabel()
        'loss'
    """
    columns = max(map(len, rows.values()))
    figure = Figure(figsize=(0.6 + 3.6 * columns, 0.6 + 3.5 * len(rows)), dpi=110)
    for r, (loss, panels) in enumerate(rows.items()):
        for c, (name, (first, second, heights)) in enumerate(panels.items()):
            axes: Any = figure.add_subplot(len(rows), columns, r * columns + c + 1, projection="3d")
            axes.plot_surface(
                *np.meshgrid(first, second), heights, cmap="cividis", rcount=60, ccount=60,
                linewidth=0.2, edgecolor=INK, alpha=0.95,
            )  # fmt: skip
            axes.set_title(f"{loss}\n{name}", fontsize=12, y=1.0)
            axes.set_xlabel("weight w1", fontsize=10)
            axes.set_ylabel("weight w2", fontsize=10)
            axes.set_zlabel("loss", fontsize=10, labelpad=9)
            axes.tick_params(labelsize=8)
            for axis in ("x", "y", "z"):
                axes.locator_params(axis=axis, nbins=5)
            axes.view_init(elev=32, azim=-58)
    figure.suptitle(title, fontsize=12)
    figure.subplots_adjust(left=0.02, right=0.93, top=0.86, bottom=0.05, hspace=0.3, wspace=0.12)
    return figure
