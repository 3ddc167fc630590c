"""Ways to scale inputs: what they do to neighbours, networks and numbers (articles A1, A3, A4).

The scalings are in ``data.scalings``, the networks and their arms in ``training``, nearest
neighbours in ``neighbours``, the rounding of numbers in ``float_precision``.

``measures`` in results.json:

- ``quantile_levels``: of what is given as quantiles, each a value that occurs, see
  ``claims.summaries``;
- ``neighbours``: by data set, by scaling the ``mean`` accuracy over the splits with its ``ci95``,
  and ``quantiles``;
- ``networks``: by arm

  - ``networks``, how many; ``diverged``, the share whose loss is NaN or infinite at the end;
  - ``reaches_target``: the share whose loss gets to ``target_loss``, half of that of guessing;
    ``epochs_to_target``: quantiles of the first epoch that does, ``null`` for never;
  - ``loss``: the median of the networks' at each epoch;
  - with ``mean`` and ``quantiles``: ``loss_end``, of the last epoch; ``accuracy``, on the
    validation part after training; at the start ``saturation_start``, the share of (neuron, point)
    pairs with a derivative under 0.01; ``slope_start``, the mean derivative as a part of the
    largest; ``gradient_start``, the norm of the first layer's gradient divided by the
    inputs' factor;

- ``target_loss``, in nats;
- ``variances``: by data set, by scaling: ``features``, each one's variance over all points;
  ``constant``, how many have none; ``unevenness``, the largest of the others over the smallest;
- ``rounding``: root mean square errors of standardized values, in standard deviations:
  ``offset``, ``offset_wide`` (given in float64) and ``offset_derived`` (``null`` where nothing can
  be derived) at ``10**offset_exponents``; ``factor`` at ``10**factor_exponents``.

Each arm's folder has ``measures.npz``: these measures of every network or split.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.evidence import mean
from normlayers.experiments.claims.summaries import (
    QUANTILES,
    distribution,
    finite_or_none,
    quantiles,
)
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.data.data_set import DataSet
from normlayers.experiments.data.scalings import scaled, scalings_of
from normlayers.experiments.running.arms import Kept, here_or_on_workers, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions
from normlayers.experiments.scaling_methods.arguments import NAME, checked
from normlayers.experiments.scaling_methods.claims import CLAIMS, Findings, varying
from normlayers.experiments.scaling_methods.data import DATA_SETS
from normlayers.experiments.scaling_methods.figures import FILES, captions, figures
from normlayers.experiments.scaling_methods.float_precision import (
    FACTOR_EXPONENTS,
    OFFSET_EXPONENTS,
    RoundingErrors,
    rounding_errors,
)
from normlayers.experiments.scaling_methods.neighbours import neighbour_accuracies
from normlayers.experiments.scaling_methods.table import factors_table, scalings_table
from normlayers.experiments.scaling_methods.training import ARMS, TARGET_LOSS, train_arm
from normlayers.pictures.png import to_png

Array = npt.NDArray[Any]

MEASURES = "measures.npz"
# What makes the arms: they are made again when its code has changed.
MAKERS = (train_arm.__module__, neighbour_accuracies.__module__)
NEIGHBOUR_ARMS = {f"neighbours-{name}": load for name, load in DATA_SETS.items()}


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 100,
    splits: int = 200,
    epochs: int = 20,
    start_over: bool = False,
    scheduler: str | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Measure what ``log_dir`` does not hold yet, write results.json, pictures and tables.

    Args:
        log_dir: where everything goes; each arm to a folder of its name.
        seed: of splits, weights and shuffling; all arms have the same.
        networks: how many an arm.
        splits: of each data set, for nearest neighbours.
        epochs: passes over the data.
        start_over: remove an earlier run, whatever its arguments, first.
        scheduler: address of a Dask scheduler, whose workers then make the arms.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range, ``log_dir`` cannot be used or ``scheduler`` not
            reached. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, networks, splits, epochs)
    arms = [*NEIGHBOUR_ARMS, *ARMS]
    directory = LogDirectory(
        log_dir, NAME, arms, arguments, versions(*MAKERS), arm_files=(MEASURES,), files=FILES
    )
    make_arm = partial(_make_arm, arguments)
    making = here_or_on_workers(scheduler, directory, make_arm, MAKERS)
    with closing(directory), making as make:
        directory.open(start_over)
        take_up_or_make(directory, arms, make, console, each=networks * epochs)
        findings = _findings(directory, arms, seed)
        for file, figure in figures(findings).items():
            directory.write(file, to_png(figure))
        results = directory.write_results(
            {
                "runtime_seconds": directory.runtime_seconds(),
                "measures": measures_of(findings),
                "claims": check(CLAIMS, findings),
                "figures": captions(findings),
            }
        )
    console.print(scalings_table(results), factors_table(results), claims_table(results["claims"]))
    console.print(f"Pictures and every network's measures: {log_dir}", highlight=False)
    return results


def _make_arm(arguments: dict[str, int], arm: str, folder: Path, advance: Advance) -> Kept:
    seed = arguments["seed"]
    if arm in NEIGHBOUR_ARMS:
        measured = neighbour_accuracies(NEIGHBOUR_ARMS[arm](), arguments["splits"], seed)
    else:
        measured = train_arm(arm, arguments["networks"], arguments["epochs"], seed, advance)
    return Kept(arrays={MEASURES: measured})


def _findings(directory: LogDirectory, arms: Sequence[str], seed: int) -> Findings:
    """The measures that claims and figures are made of."""
    found: dict[str, Any] = {arm: directory.kept_arrays(arm, MEASURES) for arm in arms}
    found["variances"] = {name: variances(load()) for name, load in DATA_SETS.items()}
    found["rounding"] = rounding_errors(seed)
    return found


def variances(data: DataSet) -> dict[str, Array]:
    """Each feature's variance, by scaling, over the points that statistics are learned from.

    Example:
        >>> from normlayers.experiments.data.wine import wine
        >>> variances(wine())["divided_by_std"].round(3).tolist() == [1.0] * 13
        True
    """
    return {
        scaling: points.var(axis=0, dtype=np.float64)
        for scaling in scalings_of(data)
        for points in scaled(scaling, data.x)
    }


def measures_of(findings: Findings) -> dict[str, Any]:
    """The ``measures`` of results.json, explained at the top of this module."""
    return {
        "quantile_levels": list(QUANTILES),
        "target_loss": TARGET_LOSS,
        "neighbours": {
            name: {s: _of_splits(values) for s, values in findings[f"neighbours-{name}"].items()}
            for name in DATA_SETS
        },
        "networks": {arm: _of_networks(findings[arm]) for arm in ARMS},
        "variances": {
            name: {scaling: _of_variances(values) for scaling, values in by_scaling.items()}
            for name, by_scaling in findings["variances"].items()
        },
        "rounding": _of_rounding(findings["rounding"]),
    }


def _of_splits(values: Array) -> dict[str, Any]:
    found = mean(values)
    return {**distribution(values), "ci95": [found.low, found.high]}


def _of_networks(found: dict[str, Array]) -> dict[str, Any]:
    reached = found["epochs_to_target"]
    samples = {
        "loss_end": found["loss"][:, -1],
        **{
            name: found[name]
            for name in ("accuracy", "saturation_start", "slope_start", "gradient_start")
        },
    }
    return {
        "networks": len(reached),
        "diverged": float(found["diverged"].mean()),
        "reaches_target": float(np.isfinite(reached).mean()),
        "epochs_to_target": finite_or_none(quantiles(reached)),
        "loss": finite_or_none(quantiles(found["loss"], 0.5, axis=0)),
        **{name: distribution(values) for name, values in samples.items()},
    }


def _of_variances(values: Array) -> dict[str, Any]:
    some = varying(values)
    return {
        "features": values.tolist(),
        "constant": len(values) - len(some),
        "unevenness": float(some.max() / some.min()),
    }


def _of_rounding(found: RoundingErrors) -> dict[str, Any]:
    return {
        "offset_exponents": list(OFFSET_EXPONENTS),
        "factor_exponents": list(FACTOR_EXPONENTS),
        **{name: finite_or_none(values) for name, values in vars(found).items()},
    }
