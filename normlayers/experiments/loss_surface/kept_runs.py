"""Runs of gradient descent as named arrays, to be kept in a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.experiments.loss_surface.gradient_descent import Descents
from normlayers.experiments.loss_surface.measures import Runs

Array = npt.NDArray[Any]


def arrays_of(runs: Runs) -> dict[str, Array]:
    """Runs as arrays named ``<loss>.<scaling>.<what>``, which ``runs_of`` takes."""
    arrays: dict[str, Array] = {}
    for (loss, scaling), descents in runs.items():
        of_these = {
            "steps": descents.steps,
            "outcome": np.array(descents.outcome),
            "length": descents.length,
            **{f"path_{run}": path for run, path in enumerate(descents.paths)},
        }
        arrays |= {f"{loss}.{scaling}.{what}": array for what, array in of_these.items()}
    return arrays


def runs_of(arrays: dict[str, Array]) -> Runs:
    """The runs that ``arrays_of`` made the arrays of.

    Example:
        >>> runs: Runs = {("all", "raw"): Descents(np.array([3]), ["reached"], np.array([0.5]))}
        >>> runs_of(arrays_of(runs))[("all", "raw")].outcome
        ['reached']
    """
    found: dict[tuple[str, str], dict[str, Array]] = {}
    for name, array in arrays.items():
        loss, scaling, what = name.split(".")
        found.setdefault((loss, scaling), {})[what] = array
    return {key: _descents(of_these) for key, of_these in found.items()}


def _descents(arrays: dict[str, Array]) -> Descents:
    paths = sum(name.startswith("path_") for name in arrays)
    return Descents(
        arrays["steps"],
        arrays["outcome"].tolist(),
        arrays["length"],
        [arrays[f"path_{run}"] for run in range(paths)],
    )
