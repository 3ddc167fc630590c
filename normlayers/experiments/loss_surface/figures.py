"""The pictures of loss surfaces, from what ``loss_surface`` measured.

- ``contours.png``: both losses over the two weights in all scalings, and gradient descent's path;
- ``surfaces.png``: the same in three dimensions;
- ``convergence.png``: the loss over the steps, at each surface's best and at one shared rate;
- ``condition_numbers.png``: how stretched the surfaces of all data sets are;
- ``surfaces.html``: the surfaces and paths, to turn about, and ``surfaces_page.png``, what the page
  shows first.

Grids are as wide as high, with the minimum in the middle and the start at the same distance from it
in every scaling.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.claims.summaries import quantiles
from normlayers.experiments.loss_surface import quadratic_descent as theory
from normlayers.experiments.loss_surface.data import SCALINGS, population_second_moments
from normlayers.experiments.loss_surface.gradient_descent import (
    NOT_REACHED,
    REACHED,
    squared_distance,
)
from normlayers.experiments.loss_surface.losses import LOSSES
from normlayers.experiments.loss_surface.measures import SQUARED_ERROR, Drawn, Findings
from normlayers.experiments.loss_surface.plots.condition_numbers import condition_numbers
from normlayers.experiments.loss_surface.plots.convergence import Course, convergence
from normlayers.experiments.loss_surface.plots.loss_contours import (
    CLOSE_UP_FROM,
    Bowl,
    loss_contours,
)
from normlayers.experiments.loss_surface.plots.loss_surfaces import loss_surfaces
from normlayers.experiments.loss_surface.plots.surface_page import (
    Landscape,
    surface_page,
    surface_preview,
)
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.pictures.png import to_png
from normlayers.tracking.writing.event_log import EventLog

Array = npt.NDArray[Any]

PNGS = ("contours", "surfaces", "convergence", "condition_numbers")
PAGE = "surfaces.html"
PREVIEW = "surfaces_page.png"
FILES = (*(f"{name}.png" for name in PNGS), PREVIEW, PAGE)
PAGE_TITLE = "Loss over two weights, raw inputs and scaled ones"
# Their group in TensorBoard.
GROUP = "loss_surface"
# Half a grid's width, in distances from the start to the minimum.
REACH = 1.3
CONTOUR_LINES, SPACE_LINES, PAGE_LINES = 161, 61, 41
# How much denser a narrow valley's grid is in its middle than at its rim, as a power of e.
DENSER = 8
COURSE_POINTS, PAGE_POINTS = 300, 400


def write_figures(found: Findings, directory: LogDirectory, folder: Path) -> None:
    """Draw everything.

    Args:
        found: what was measured.
        directory: the pictures go to.
        folder: the event file goes to.
    """
    figures = (_contours(found), _in_space(found), _convergence(found), _conditions(found))
    pngs = {name: to_png(figure) for name, figure in zip(PNGS, figures, strict=True)}
    for name, png in pngs.items():
        directory.write(f"{name}.png", png)
    landscapes = _landscapes(found)
    directory.write(PREVIEW, to_png(surface_preview(landscapes, PAGE_TITLE)))
    directory.write(PAGE, _page(found, landscapes).encode())
    told = {f"{GROUP}/{Path(of['file']).stem}": of["caption"] for of in captions(found)}
    with EventLog(folder, lambda tag: told[tag]) as log:
        log.write(0, images={f"{GROUP}/{name}": png for name, png in pngs.items()})


def captions(found: Findings) -> list[dict[str, str]]:
    """``figures`` of results.json; of a page the picture to show in its place is ``preview``."""
    one = "one data set, the first"
    return [
        {"file": file, "caption": caption, **({"preview": PREVIEW} if file == PAGE else {})}
        for file, caption in (
            (
                "contours.png",
                f"Losses of a model of two weights over these weights, and gradient descent's path "
                f"at each surface's best learning rate; {one} of {found.data_sets:,}. Raw inputs, "
                "one a hundred times as large as the other, make a narrow valley; of a common "
                "scale without centring an ellipse is left, with it almost a circle. In the "
                "close-ups each weight has a scale of its own.",
            ),
            (
                "surfaces.png",
                f"The same losses in three dimensions; {one}.",
            ),
            (PAGE, f"The same surfaces with gradient descent's paths, to turn about; {one}."),
            (
                "convergence.png",
                f"The loss above its minimum over gradient descent's steps; {one}. Dashed: what "
                "theory says of the quadratic surface with the Hessian at the minimum. On the left "
                "min-max and x / std lie upon one another.",
            ),
            (
                "condition_numbers.png",
                f"Condition numbers of the losses' Hessians at the minimum, of "
                f"{found.data_sets:,} data sets, and the population's where a closed form exists.",
            ),
        )
    ]


def _grid(found: Findings, name: str, scaling: str, lines: int, denser: float) -> tuple[Array, ...]:
    """The grid's weights w1 and w2, and the loss there, shape ``(lines, lines)``."""
    drawn, loss = found.drawn[name, scaling], LOSSES[name]
    even = np.linspace(-1, 1, lines)
    spread = np.sinh(denser * even) / np.sinh(denser) if denser else even
    offsets = REACH * np.linalg.norm(drawn.start) * spread
    first, second = drawn.minimum[0] + offsets, drawn.minimum[1] + offsets
    # One row at a time: the losses of a whole grid at all points need much memory.
    rows = [
        loss.value(drawn.x, drawn.y, np.stack([first, np.full(lines, w2)], axis=-1))
        for w2 in second
    ]
    return first, second, np.array(rows)


def _losses(found: Findings, name: str, scaling: str, errors: Array) -> Array:
    drawn = found.drawn[name, scaling]
    return np.asarray(LOSSES[name].value(drawn.x, drawn.y, drawn.minimum + errors))


def _contours(found: Findings) -> Any:
    rows = {
        loss.label: {
            label: _bowl(found, name, scaling) for scaling, label in SCALINGS.items()
        }
        for name, loss in LOSSES.items()
    }  # fmt: skip
    return loss_contours(
        rows,
        "Loss over the two weights, and the path of gradient descent\n"
        f"one data set of {found.points:,} points, x1 from U(0, 1), x2 from U(0, 0.01)",
    )


def _bowl(found: Findings, name: str, scaling: str) -> Bowl:
    drawn = found.drawn[name, scaling]
    condition = float(theory.condition_number(drawn.eigenvalues))
    narrow = condition > CLOSE_UP_FROM
    first, second, losses = _grid(found, name, scaling, CONTOUR_LINES, DENSER if narrow else 0)
    lowest, start = _losses(found, name, scaling, np.stack([np.zeros(2), drawn.start]))
    steps = f"{drawn.runs.steps[0]:,} steps"
    if drawn.runs.outcome[0] != REACHED:
        steps = f"{drawn.runs.outcome[0]} in {steps}"
    kappa = f"{condition:,.0f}" if condition >= 100 else f"{condition:.2f}"
    heights = np.maximum(losses - lowest, 0) / (start - lowest)
    path = drawn.minimum + drawn.runs.paths[0]
    return Bowl(first, second, heights, drawn.minimum, path, condition, f"κ = {kappa}, {steps}")


def _in_space(found: Findings) -> Any:
    rows = {
        loss.label: {
            label: _grid(found, name, scaling, SPACE_LINES, 0)
            for scaling, label in SCALINGS.items()
        }
        for name, loss in LOSSES.items()
    }
    return loss_surfaces(
        rows,  # type: ignore[arg-type]
        "Loss over the two weights\n"
        f"one data set of {found.points:,} points, x1 from U(0, 1), x2 from U(0, 0.01)",
    )


def _convergence(found: Findings) -> Any:
    columns = ("best learning rate of each", f"learning rate {found.learning_rate:g}")
    panels = {
        loss.label: {
            column: {
                label: _course(found, name, scaling, run)
                for scaling, label in SCALINGS.items()
            }
            for run, column in enumerate(columns)
        }
        for name, loss in LOSSES.items()
    }  # fmt: skip
    return convergence(
        panels,
        found.tolerance**2,
        f"Gradient descent on one data set of {found.points:,} points",
    )


def _course(found: Findings, name: str, scaling: str, run: int) -> tuple[Course, Course, str]:
    drawn = found.drawn[name, scaling]
    rate, eigenvalues = drawn.rates[run], drawn.eigenvalues
    errors, shares = drawn.runs.paths[run], theory.energy_shares(drawn.hessian, drawn.start)
    steps = _spaced(len(errors) - 1)
    if name == SQUARED_ERROR:
        # Quadratic: without the rounding error of a difference of losses.
        heights = squared_distance(drawn.hessian, errors[[0, *steps]])
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            losses = _losses(found, name, scaling, errors[[0, *steps]])
        heights = losses - _losses(found, name, scaling, np.zeros(2))
    longest = max(float(steps[-1]), 2.0)
    if drawn.runs.outcome[run] == NOT_REACHED:
        known = float(theory.exact_steps(eigenvalues, shares, np.array(rate), found.tolerance))
        longest = known if np.isfinite(known) else longest
    expected = np.geomspace(1, longest, COURSE_POINTS)
    predicted = theory.remaining(eigenvalues, shares, np.array(rate), expected)
    outcome = drawn.runs.outcome[run]
    note = "" if outcome == REACHED else outcome
    if outcome == NOT_REACHED:
        note += f" in {steps[-1]:,} steps"
    return (steps, np.maximum(heights[1:] / heights[0], 1e-300)), (expected, predicted), note


def _spaced(last: int, points: int = COURSE_POINTS) -> Array:
    """Steps from 1 to the last, spaced geometrically."""
    return np.unique(np.geomspace(1, max(1, last), points).round().astype(int))


def _conditions(found: Findings) -> Any:
    panels = {
        loss.label: {
            label: (
                found.surfaces[name, scaling].condition,
                float(quantiles(found.surfaces[name, scaling].condition, 0.5)),
                population_condition(scaling) if name == SQUARED_ERROR else None,
            )
            for scaling, label in SCALINGS.items()
        }
        for name, loss in LOSSES.items()
    }
    return condition_numbers(
        panels,
        f"How stretched loss surfaces are\n{found.data_sets:,} data sets of {found.points:,} "
        "points, x1 from U(0, 1), x2 from U(0, 0.01)",
    )


def population_condition(scaling: str) -> float:
    """The mean squared error's condition number on infinitely many points.

    Example:
        >>> round(population_condition("min_max"), 6)
        7.0
    """
    eigenvalues = np.linalg.eigvalsh(population_second_moments(scaling))
    return float(theory.condition_number(eigenvalues))


def _landscapes(found: Findings) -> dict[str, dict[str, Landscape]]:
    return {
        label: {loss.label: _landscape(found, name, scaling) for name, loss in LOSSES.items()}
        for scaling, label in SCALINGS.items()
    }


def _page(found: Findings, landscapes: dict[str, dict[str, Landscape]]) -> str:
    return surface_page(
        landscapes,
        PAGE_TITLE,
        f"One data set of {found.points:,} points, x1 from U(0, 1), x2 from U(0, 0.01). Each "
        "surface spans as many units of w1 as of w2. Drag to turn, scroll to come nearer. Of "
        f"paths of more than {PAGE_POINTS:,} steps the first are all drawn, then ever fewer.",
    )


def _landscape(found: Findings, name: str, scaling: str) -> Landscape:
    drawn: Drawn = found.drawn[name, scaling]
    errors = drawn.runs.paths[0]
    steps = np.array([0, *_spaced(len(errors) - 1, PAGE_POINTS)])
    first, second, losses = _grid(found, name, scaling, PAGE_LINES, 0)
    heights = _losses(found, name, scaling, errors[steps])
    return Landscape(first, second, losses, drawn.minimum + errors[steps], heights, steps)
