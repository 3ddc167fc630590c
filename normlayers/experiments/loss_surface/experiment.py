"""How input scales shape the loss surface of two weights, and gradient descent on it (A3, A4).

Data sets of two inputs, x1 from U(0, 1) and x2 from U(0, 0.01); see ``data``. The model
is ``w1 x1 + w2 x2`` with the mean squared error, or its sigmoid with cross-entropy, without bias;
see ``losses``. Without bias centring changes which functions can be learned, so that
only losses above a surface's own minimum are compared. The inputs are ``raw``, ``standardized``,
``min_max`` scaled or ``divided_by_std`` (A4's, without centring), each data set by its own
statistics.

Gradient descent starts at weights of 0, the same function in every scaling, and runs until the
distance from the minimum, ``|w - w*|_H``, is ``tolerance`` of the first. ``H`` is the Hessian at
the minimum: the squared distance is twice the mean squared error above its minimum exactly, twice
the cross-entropy above its in the limit. At the best stable learning rate every quadratic surface's
distance shrinks by ``(κ - 1) / (κ + 1)`` a step from wherever it starts, which predicts the steps;
see ``quadratic_descent``. The predicted ones are whole too.

``measures`` in results.json:

- ``tolerance``, ``learning_rate`` (the shared one), ``most_steps`` (where a run on the first data
  set is given up), ``quantile_levels``: of what is given as quantiles, each a value that
  occurs, see ``claims.summaries``.
- ``mean_squared_error`` and ``cross_entropy``, each by scaling:

  - ``condition_quantiles``: of the condition number κ over the data sets;
  - ``condition_population``: on infinitely many points; ``null`` for cross-entropy, whose Hessian
    hangs on what is to be learned;
  - ``first``: of the first data set ``minimum`` (w1, w2), ``eigenvalues``, ``condition``,
    ``contraction``, ``best_rate``, ``largest_stable_rate``, and the runs ``best`` (at the best
    rate), ``shared`` (at the shared rate) and ``near`` (at the best rate, from 1/10,000 of the way
    from the minimum to 0), each with

    - ``steps``: made, or ``"diverged"`` (a million times further away than at the start), or
      ``"not reached"``;
    - ``predicted``: by theory; ``"diverged"`` where the rate is not stable at the minimum;
    - ``off``: how far the steps are from the predicted, as a part of these; ``null`` where none
      were counted or predicted;
    - ``detour``: the path's length over the straight distance from start to minimum.

  - ``all`` (mean squared error only), over the data sets: ``steps_quantiles`` at the best rate,
    ``off_largest``, ``within_a_tenth`` (share of the data sets whose steps are within 10 % of the
    predicted), ``detour_quantiles``, ``shared_steps_quantiles`` (in closed form; ``"diverged"``
    where the shared rate is not stable).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.summaries import QUANTILES, quantiles
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.loss_surface import quadratic_descent as theory
from normlayers.experiments.loss_surface.arguments import NAME, RATE, checked
from normlayers.experiments.loss_surface.claims import CLAIMS
from normlayers.experiments.loss_surface.data import SCALINGS, draw
from normlayers.experiments.loss_surface.figures import (
    FILES,
    captions,
    population_condition,
    write_figures,
)
from normlayers.experiments.loss_surface.gradient_descent import DIVERGED, REACHED
from normlayers.experiments.loss_surface.kept_runs import arrays_of, runs_of
from normlayers.experiments.loss_surface.losses import LOSSES, NoMinimumError
from normlayers.experiments.loss_surface.measures import (
    SQUARED_ERROR,
    SURFACES,
    Drawn,
    Findings,
    Runs,
    descend_everywhere,
    findings_of,
    surfaces_of,
)
from normlayers.experiments.loss_surface.table import loss_surface_table
from normlayers.experiments.running.arms import Kept, one_by_one, take_up_or_make
from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions

Array = npt.NDArray[Any]

RUN = "surfaces"
KEPT_RUNS = "runs.npz"
# What makes the arms: they are made again when its code has changed.
MAKERS = (descend_everywhere.__module__, arrays_of.__module__)
MOST_STEPS = 200_000
RUNS = ("best", "shared", "near")


def measures_of(found: Findings) -> dict[str, Any]:
    """The ``measures`` of results.json, explained at the top of this module."""
    return {
        "tolerance": found.tolerance,
        "learning_rate": found.learning_rate,
        "most_steps": MOST_STEPS,
        "quantile_levels": list(QUANTILES),
        **{
            name: {scaling: _measures_in(found, name, scaling) for scaling in SCALINGS}
            for name in LOSSES
        },
    }


def _measures_in(found: Findings, name: str, scaling: str) -> dict[str, Any]:
    squared = name == SQUARED_ERROR
    measures = {
        "condition_quantiles": _quantiles(found.surfaces[name, scaling].condition),
        "condition_population": population_condition(scaling) if squared else None,
        "first": _of_first(found.drawn[name, scaling], found.tolerance),
    }
    if squared:
        counted = found.counted[scaling]
        off = np.abs(counted.steps - counted.predicted) / counted.predicted
        measures["all"] = {
            "steps_quantiles": _quantiles(counted.steps),
            "off_largest": float(off.max()),
            "within_a_tenth": float(np.mean(off <= 0.1)),
            "detour_quantiles": _quantiles(counted.detour),
            "shared_steps_quantiles": _quantiles(counted.shared_steps),
        }
    return measures


def _of_first(drawn: Drawn, tolerance: float) -> dict[str, Any]:
    condition = theory.condition_number(drawn.eigenvalues)
    shares = theory.energy_shares(drawn.hessian, drawn.start)
    at_best = float(theory.predicted_steps(condition, tolerance))
    at_shared = theory.exact_steps(
        drawn.eigenvalues, shares, np.array(drawn.rates[1]), tolerance
    ).item()
    return {
        "minimum": drawn.minimum.tolist(),
        "eigenvalues": drawn.eigenvalues.tolist(),
        "condition": float(condition),
        "contraction": float(theory.contraction(condition)),
        "best_rate": drawn.rates[0],
        "largest_stable_rate": float(theory.largest_stable_rate(drawn.eigenvalues)),
        **{
            run: _of_run(drawn, at, predicted)
            for at, (run, predicted) in enumerate(
                zip(RUNS, (at_best, at_shared, at_best), strict=True)
            )
        },
    }


def _of_run(drawn: Drawn, at: int, predicted: float) -> dict[str, Any]:
    path, steps = drawn.runs.paths[at], int(drawn.runs.steps[at])
    reached = drawn.runs.outcome[at] == REACHED
    detour = float(drawn.runs.length[at] / np.linalg.norm(path[0]))
    return {
        "steps": steps if reached else drawn.runs.outcome[at],
        "predicted": _plain(predicted),
        "off": abs(steps - predicted) / predicted if reached and math.isfinite(predicted) else None,
        "detour": detour if math.isfinite(detour) else None,
    }


def _quantiles(values: Array) -> list[float | str]:
    return [_plain(value) for value in quantiles(values)]


def _plain(value: float) -> float | str:
    return float(value) if math.isfinite(value) else DIVERGED


def run(
    log_dir: Path,
    seed: int = 0,
    data_sets: int = 1000,
    points: int = 200,
    tolerance: float = 1e-3,
    learning_rate: float = RATE,
    start_over: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Run gradient descent unless ``log_dir`` holds the runs; write results, figures and a table.

    Args:
        log_dir: where everything goes; TensorBoard's event file to the folder ``RUN`` in it.
        seed: of the data.
        data_sets: how many; the first is drawn.
        points: of each.
        tolerance: where gradient descent ends: the distance, as a part of the first.
        learning_rate: the one shared by all surfaces.
        start_over: remove an earlier run, whatever its arguments, first.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range, the data have no best weights, or ``log_dir``
            cannot be used. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, data_sets, points, tolerance, learning_rate)
    directory = LogDirectory(
        log_dir, NAME, [RUN], arguments, versions(*MAKERS), arm_files=(KEPT_RUNS,), files=FILES
    )
    data = draw(data_sets, points, seed)
    try:
        surfaces = surfaces_of(data)
    except NoMinimumError as error:
        raise UsageError(
            f"of {data_sets:,} data sets of {points} points one has {error}; ask for more --points."
        ) from error
    directory.open(start_over)
    with closing(directory):
        descend = partial(descend_everywhere, data, surfaces, learning_rate, tolerance, MOST_STEPS)
        make = one_by_one(directory, partial(_made, descend))
        take_up_or_make(directory, [RUN], make, console, each=SURFACES, unit="surfaces")
        runs = runs_of(directory.kept_arrays(RUN, KEPT_RUNS))
        findings = findings_of(data, surfaces, runs, learning_rate, tolerance)
        with directory.redrawing(RUN) as folder, console.status("figures"):
            write_figures(findings, directory, folder)
        results = directory.write_results(
            {
                "runtime_seconds": directory.runtime_seconds(),
                "measures": measures_of(findings),
                "claims": check(CLAIMS, findings),
                "figures": captions(findings),
            }
        )
    console.print(loss_surface_table(results), claims_table(results["claims"]))
    console.print(f"Pictures, a page to turn them ({FILES[-1]}) and results: {log_dir}",
                  highlight=False)  # fmt: skip
    return results


def _made(descend: Callable[..., Runs], arm: str, folder: Path, advance: Advance) -> Kept:
    return Kept(arrays={KEPT_RUNS: arrays_of(descend(advance=advance))})
