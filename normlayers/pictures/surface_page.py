"""Losses over two weights as a page to turn them about, one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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
    # A little over the surface, whose facets would hide it.
    heights = landscape.path_losses + LIFT * np.ptp(landscape.losses)
    told = np.stack([landscape.path_steps, landscape.path_losses], axis=-1)
    place += "<br>loss %{customdata[1]:.4g}"
    path = graph_objects.Scatter3d(
        x=w1, y=w2, z=heights, mode="lines+markers", line={"color": PATH, "width": 5},
        marker={"color": PATH, "size": 2.5}, name="gradient descent at the best learning rate",
        customdata=told, showlegend=first, legendgroup="path",
        hovertemplate=f"step %{{customdata[0]:,}}<br>{place}<extra></extra>",
    )  # fmt: skip
    minimum = graph_objects.Scatter3d(
        x=w1[-1:], y=w2[-1:], z=heights[-1:], mode="markers", showlegend=first, legendgroup="end",
        marker={"color": MINIMUM, "size": 6, "symbol": "diamond", "line": {"width": 1}},
        name="where it ends", customdata=told[-1:],
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
