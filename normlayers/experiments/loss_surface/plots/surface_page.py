"""Losses over two weights as an interactive page: one file that needs no network connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

Array = npt.NDArray[Any]

# Okabe and Ito's (2008) vermilion and yellow.
PATH, MINIMUM = "#D55E00", "#F0E442"
HEIGHT = 480
# How far over its surface a path is drawn, as a part of the surface's height.
LIFT = 0.01


@dataclass(frozen=True)
class Landscape:
    """A loss over two weights, with a path.

    Attributes:
        first, second: the weights of the grid.
        losses: there, shape ``(len(second), len(first))``.
        path: weights, shape ``(steps, 2)``.
        path_losses: the loss there, shape ``(steps,)``.
        path_steps: their numbers, shape ``(steps,)``.
    """

    first: Array
    second: Array
    losses: Array
    path: Array
    path_losses: Array
    path_steps: Array


def surface_page(rows: Mapping[str, Mapping[str, Landscape]], title: str, note: str) -> str:
    """HTML with plotly and its JavaScript in it.

    Args:
        rows: by the scaling's name, by the loss's; each row has the same losses.
        title: the page's title.
        note: a sentence under it.

    Returns:
        the whole page.
    """
    from jinja2 import Environment
    from plotly.offline import get_plotlyjs

    page = Environment(autoescape=True).from_string(_PAGE)
    charts = _charts(rows).to_html(full_html=False, include_plotlyjs=False, div_id="surfaces")
    return page.render(title=title, note=note, plotly=get_plotlyjs(), charts=charts)


def surface_preview(rows: Mapping[str, Mapping[str, Landscape]], title: str) -> Figure:
    """The page's first view, as a picture.

    Args:
        rows: as ``surface_page`` takes them; here a scaling is a column.
        title: the picture's title.

    Example:
        >>> w, path = np.linspace(-1, 1, 5), np.array([[1.0, 1.0], [0.0, 0.0]])
        >>> bowl = w**2 + w[:, None] ** 2
        >>> there = Landscape(w, w, bowl, path, np.array([2.0, 0.0]), np.array([0, 1]))
        >>> len(surface_preview({"raw": {"loss": there}}, "one").axes)
        1
    """
    losses = list(next(iter(rows.values())))
    figure = Figure(figsize=(0.5 + 3.2 * len(rows), 0.7 + 3.1 * len(losses)), dpi=110)
    for c, (scaling, panels) in enumerate(rows.items(), 1):
        for r, loss in enumerate(losses):
            at = r * len(rows) + c
            axes: Any = figure.add_subplot(len(losses), len(rows), at, projection="3d")
            _draw(axes, panels[loss])
            axes.set_title(f"{loss}\n{scaling}", fontsize=12, y=1.0)
    figure.suptitle(title, fontsize=12)
    figure.subplots_adjust(left=0.01, right=0.96, top=0.86, bottom=0.04, hspace=0.25, wspace=0.1)
    return figure


def _draw(axes: Any, landscape: Landscape) -> None:
    first, second = np.meshgrid(landscape.first, landscape.second)
    axes.computed_zorder = False  # the path would be behind the surface
    axes.plot_surface(
        first, second, landscape.losses, cmap="cividis", alpha=0.75, linewidth=0, zorder=1
    )
    heights = landscape.path_losses + LIFT * np.ptp(landscape.losses)
    axes.plot(*landscape.path.T, heights, ".-", color=PATH, linewidth=1.6, markersize=3, zorder=2)
    axes.plot(
        *landscape.path[-1:].T, heights[-1:], "D", color=MINIMUM, markeredgecolor="black",
        markersize=6, zorder=3,
    )  # fmt: skip
    axes.set_xlabel("weight w1", fontsize=10)
    axes.set_ylabel("weight w2", fontsize=10)
    axes.tick_params(labelsize=8)
    for axis in ("x", "y", "z"):
        axes.locator_params(axis=axis, nbins=4)
    # The page's camera.
    axes.view_init(elev=39, azim=-135)


def _charts(rows: Mapping[str, Mapping[str, Landscape]]) -> Any:
    from plotly.subplots import make_subplots

    columns = len(next(iter(rows.values())))
    names = [f"{loss}, {scaling}" for scaling, panels in rows.items() for loss in panels]
    figure = make_subplots(
        len(rows), columns, specs=[[{"type": "surface"}] * columns] * len(rows),
        subplot_titles=names, horizontal_spacing=0.02, vertical_spacing=0.06,
    )  # fmt: skip
    for r, panels in enumerate(rows.values(), 1):
        for c, landscape in enumerate(panels.values(), 1):
            for trace in _traces(landscape, first=r == c == 1):
                figure.add_trace(trace, r, c)
    figure.update_scenes(
        xaxis_title="weight w1", yaxis_title="weight w2", zaxis_title="loss", aspectmode="cube",
        camera_eye={"x": -1.4, "y": -1.4, "z": 1.6},
    )  # fmt: skip
    figure.update_layout(
        height=HEIGHT * len(rows), margin={"l": 0, "r": 0, "t": 40, "b": 0},
        legend={"orientation": "h", "y": -0.02},
    )  # fmt: skip
    return figure


def _traces(landscape: Landscape, first: bool) -> list[Any]:
    from plotly import graph_objects

    place = "w1 %{x:.4g}<br>w2 %{y:.4g}"
    surface = graph_objects.Surface(
        x=landscape.first, y=landscape.second, z=landscape.losses, colorscale="Cividis",
        showscale=False, opacity=0.75, hovertemplate=f"{place}<br>loss %{{z:.4g}}<extra></extra>",
    )  # fmt: skip
    w1, w2 = landscape.path.T
    # Slightly above the surface, whose facets would hide it.
    heights = landscape.path_losses + LIFT * np.ptp(landscape.losses)
    hover = np.stack([landscape.path_steps, landscape.path_losses], axis=-1)
    place += "<br>loss %{customdata[1]:.4g}"
    path = graph_objects.Scatter3d(
        x=w1, y=w2, z=heights, mode="lines+markers", line={"color": PATH, "width": 5},
        marker={"color": PATH, "size": 2.5}, name="gradient descent at the best learning rate",
        customdata=hover, showlegend=first, legendgroup="path",
        hovertemplate=f"step %{{customdata[0]:,}}<br>{place}<extra></extra>",
    )  # fmt: skip
    minimum = graph_objects.Scatter3d(
        x=w1[-1:], y=w2[-1:], z=heights[-1:], mode="markers", showlegend=first, legendgroup="end",
        marker={"color": MINIMUM, "size": 6, "symbol": "diamond", "line": {"width": 1}},
        name="where it ends", customdata=hover[-1:],
        hovertemplate=f"end of the path<br>{place}<extra></extra>",
    )  # fmt: skip
    return [surface, path, minimum]


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 1.5rem auto; max-width: 1200px;
       padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
</style>
<script>{{ plotly | safe }}</script>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ note }}</p>
{{ charts | safe }}
</body>
</html>
"""
