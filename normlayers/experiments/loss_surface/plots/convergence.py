"""The loss over the steps of gradient descent, measured and predicted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from normlayers.pictures.palette import STYLES

Array = npt.NDArray[Any]
Course = tuple[Array, Array]


def convergence(
    panels: Mapping[str, Mapping[str, Mapping[str, tuple[Course, Course, str]]]],
    end: float,
    title: str,
) -> Figure:
    """A row per loss, a column per learning rate, in each a line per scaling, theory dashed.

    Args:
        panels: by the row's name, by the column's, by the line's: what was measured and what
            theory predicts, each as steps from 1 on and the loss above its minimum, 1 at the start;
            and how the run ended, if not at the end.
        end: where runs end.
        title: the picture's title.

    Example:
        >>> import numpy as np
        >>> course = np.array([1, 2]), np.array([0.5, 0.25])
        >>> figure = convergence({"loss": {"best": {"raw": (course, course, "")}}}, 0.1, "one")
        >>> figure.axes[0].get_xlabel()
        'step'
    """
    columns = len(next(iter(panels.values())))
    size = (0.8 + 4.3 * columns, 1.2 + 2.9 * len(panels))
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    grid = figure.subplots(len(panels), columns, squeeze=False, sharex="col", sharey=True)
    for line, (row, places) in zip(grid, panels.items(), strict=True):
        for axes, (column, lines) in zip(line, places.items(), strict=True):
            for (name, courses), (color, marker, _) in zip(lines.items(), STYLES, strict=False):
                made, theory, _ = courses
                axes.plot(*theory, color=color, linestyle=(0, (4, 3)), linewidth=1)
                axes.plot(
                    *made, color=color, marker=marker, markersize=5, linewidth=1.8, label=name,
                    markevery=max(1, len(made[0]) // 8), alpha=0.85,
                )  # fmt: skip
            axes.axhline(end, color="#888888", linewidth=1, linestyle=":")
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_ylim(end / 10, 10)
            axes.set_title(f"{row}, {column}{_endings(lines)}", fontsize=10)
            axes.tick_params(labelsize=9, labelbottom=True)
            axes.set_xlabel("step", fontsize=10)
        line[0].set_ylabel("loss above its minimum\n(start = 1)", fontsize=10)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    handles += [
        Line2D([], [], color="#555555", linestyle=(0, (4, 3)), linewidth=1),
        Line2D([], [], color="#888888", linestyle=":", linewidth=1),
    ]
    figure.legend(
        handles, [*labels, "theory", "where a run ends"], loc="outside lower center", ncols=6,
        fontsize=9, frameon=False,
    )  # fmt: skip
    figure.suptitle(title, fontsize=12)
    return figure


def _endings(lines: Mapping[str, tuple[Course, Course, str]]) -> str:
    """The lines that did not reach the end, by how they ended."""
    names: dict[str, list[str]] = {}
    for name, (_, _, ended) in lines.items():
        if ended:
            names.setdefault(ended, []).append(name)
    return "".join(f"\n{ended}: {', '.join(some)}" for ended, some in names.items())
