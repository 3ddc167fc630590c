"""A thousand two-neuron networks an arm: how often what article A2 tells happens.

Recipe: that of ``two_neuron_circle``, with each network's own initial weights and shuffling. The
arms are

- ``<activation>-shift-<c>``: on data shifted by c = 0 to 10; activations none, relu, leaky_relu,
  tanh, sigmoid;
- ``<activation>-standardized``, ``-bn-pre``, ``-bn-post``: on data shifted by 10, standardized or
  with a batch normalization before or after the hidden activation;
- ``relu-<n>-neurons``, ``relu-<n>-layers``: larger networks on data shifted by 10.

``measures`` in results.json:

- ``logistic_regression_accuracy``; ``beats_from``: the accuracy from which a network counts as
  beating it, higher by 0.03; ``best_line_accuracy``: the most accurate line's, which is no
  logistic regression's, for that is not fitted for accuracy;
- ``quantile_levels``: of what is given as quantiles, each a value that occurs, see
  ``claims.summaries``;
- ``arms``: for each arm ``networks``, how many; ``diverged``, the share whose logits are no
  numbers; ``beats``, the share that beats logistic regression, with ``beats_ci95``;
  ``beats_any_line``, the share more accurate than the best line, the same way; and for each
  measure of ``two_neuron_measures.StackedMeasures`` its ``mean`` and ``quantiles`` over the
  networks that have it.

Each arm's folder has ``networks.npy``: these measures of every network, a field a measure.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap
from rich import box
from rich.console import Console
from rich.table import Table

from normlayers.ensembles.ensemble import train_ensemble
from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.evidence import share
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.claims.summaries import MIDDLE, QUANTILES, distribution
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.data.circles import BATCH_SIZE, circles, logistic_regression_accuracy
from normlayers.experiments.running.command_line import (
    LARGEST_SEED,
    UsageError,
    check_ranges,
    chosen_arms,
)
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import EpochProgress, epochs_shown
from normlayers.experiments.running.versions import versions
from normlayers.experiments.two_neuron_ensemble.arms import ACTIVATIONS, ARMS
from normlayers.experiments.two_neuron_ensemble.best_line import best_line_accuracy
from normlayers.experiments.two_neuron_ensemble.claims import (
    BEATS_BY,
    CLAIMS,
    beats,
)
from normlayers.experiments.two_neuron_ensemble.figures import PICTURES, captions, pictures
from normlayers.experiments.two_neuron_ensemble.measures import StackedMeasures
from normlayers.pictures.png import to_png

Array = npt.NDArray[Any]
# By arm an array with a field a measure and an element a network.
Found = dict[str, Array]

NAME = "two_neuron_ensemble"
NETWORKS = "networks.npy"
# Accuracies are kept in 32 bits; one point more is 0.006.
ROUNDING = 1e-6
# Beyond this, a single measure of an arm takes a gigabyte while its quantiles are sought.
MOST_NETWORKS = 100_000_000


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 1000,
    epochs: int = 1000,
    batch_size: int = BATCH_SIZE,
    optimizer: str = "rmsprop",
    arms: Sequence[str] = tuple(ARMS),
    start_over: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Train the arms that ``log_dir`` does not hold yet, write results.json, pictures and tables.

    Args:
        log_dir: where everything goes; each arm to a folder of its name.
        seed: of the weights and of the shuffling; all arms have the same.
        networks: how many an arm.
        epochs: passes over the data.
        batch_size: points in a step.
        optimizer: one of ``OPTIMIZERS``, at Keras's defaults.
        arms: some of ``ARMS``.
        start_over: remove an earlier run, whatever its arguments, first.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range or ``log_dir`` cannot be used. Nothing was written.
    """
    console = console or Console()
    arguments: dict[str, Any] = {
        "seed": seed, "networks": networks, "epochs": epochs, "batch-size": batch_size,
        "optimizer": optimizer, "arms": chosen_arms(arms, tuple(ARMS)),
    }  # fmt: skip
    _check(arguments)
    arms = arguments["arms"]
    directory = LogDirectory(
        log_dir, NAME, arms, arguments, versions(), arm_files=(NETWORKS,), files=PICTURES,
        known_arms=list(ARMS),
    )  # fmt: skip
    directory.open(start_over)
    with closing(directory):
        with directory.telling_what_is_missing(console):
            findings = _findings(directory, arguments, console)
        found = {
            "runtime_seconds": sum(
                (directory.finished(arm) or {})["runtime_seconds"] for arm in arms
            ),
            "measures": _measures(findings),
            "claims": check(CLAIMS, ByArm(findings, ARMS)),
        }
        drawn = pictures(findings)
        for name, figure in drawn.items():
            directory.write(name, to_png(figure))
        found["figures"] = captions(drawn, networks)
        results = directory.write_results(found)
    console.print(table(results), claims_table(results["claims"]))
    console.print(f"Pictures and every network's measures: {log_dir}", highlight=False)
    return results


def _findings(directory: LogDirectory, arguments: dict[str, Any], console: Console) -> Found:
    """Each arm's measures, trained or taken up."""
    findings = {}
    each = arguments["networks"] * arguments["epochs"]
    with epochs_shown(console, each * len(arguments["arms"])) as progress:
        for number, arm in enumerate(arguments["arms"], start=1):
            found = _earlier(directory, arm)
            if found is None:
                started = time.perf_counter()
                found = train(arm, directory.begin(arm) / NETWORKS, arguments, progress)
                directory.finish(arm, {"runtime_seconds": time.perf_counter() - started})
            findings[arm] = found
            progress.reach(number * each)
    return findings


def _earlier(directory: LogDirectory, arm: str) -> Array | None:
    if directory.finished(arm) is None:
        return None
    try:
        return np.load(directory.path / arm / NETWORKS, mmap_mode="r")
    except (ValueError, OSError):  # damaged: made again
        return None


def train(arm: str, path: Path, arguments: dict[str, Any], progress: EpochProgress) -> Array:
    """Train an arm's networks and write their measures to a file, chunk by chunk.

    Returns:
        the file's array, shape ``(networks,)``, a field a measure; it is not held in memory.
    """
    architecture, (x, y) = ARMS[arm].architecture, ARMS[arm].data()
    measures = StackedMeasures(architecture, x, y)
    chunks = train_ensemble(
        architecture,
        x,
        y,
        networks=arguments["networks"],
        epochs=arguments["epochs"],
        batch_size=arguments["batch-size"],
        optimizer=OPTIMIZERS[arguments["optimizer"]](),
        seed=arguments["seed"],
        advance=progress.counter(arm),
    )
    kept: Array | None = None
    with closing(chunks):
        for chunk in chunks:
            found = measures.of(chunk)
            if kept is None:
                fields = [(name, values.dtype) for name, values in found.items()]
                kept = open_memmap(path, "w+", np.dtype(fields), (arguments["networks"],))
            for name, values in found.items():
                kept[name][chunk.first : chunk.first + len(values)] = values
    assert kept is not None
    return kept


def _measures(findings: Found) -> dict[str, Any]:
    best_line = best_line_accuracy(*circles())

    def summary(found: Array) -> dict[str, Any]:
        beating, bending = share(beats(found)), share(found["accuracy"] > best_line + ROUNDING)
        return {
            "networks": len(found["accuracy"]),
            "diverged": float(np.isnan(found["accuracy"]).mean()),
            "beats": beating.value,
            "beats_ci95": [beating.low, beating.high],
            "beats_any_line": bending.value,
            "beats_any_line_ci95": [bending.low, bending.high],
            **{name: distribution(found[name]) for name in found.dtype.names or ()},
        }

    return {
        "logistic_regression_accuracy": logistic_regression_accuracy(),
        "beats_from": logistic_regression_accuracy() + BEATS_BY,
        "best_line_accuracy": best_line,
        "quantile_levels": list(QUANTILES),
        "arms": {arm: summary(found) for arm, found in findings.items()},
    }


def _check(arguments: dict[str, Any]) -> None:
    ranges = {
        "seed": (0, LARGEST_SEED),
        "networks": (1, MOST_NETWORKS),
        "epochs": (1, 10**9),
        "batch-size": (1, 10**6),
    }
    check_ranges(arguments, ranges)
    if arguments["optimizer"] not in OPTIMIZERS:
        raise UsageError(
            f"there is no optimizer {arguments['optimizer']!r}; there are {', '.join(OPTIMIZERS)}."
        )


def table(results: dict[str, Any]) -> Table:
    """How many networks beat logistic regression, by activation and by what is done to the data."""
    found = results["measures"]
    columns = {
        "centred": "shift-0",
        "shifted 10": "shift-10",
        "standardized": "standardized",
        "BN pre": "bn-pre",
        "BN post": "bn-post",
    }
    rows = Table(
        title="Networks that beat logistic regression / any line, and the median accuracy",
        caption=f"Share of the networks with an accuracy from {found['beats_from']:.3f} on, "
        f"{BEATS_BY} over logistic regression's, and over {found['best_line_accuracy']:.3f}, "
        "the most accurate line's.",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    rows.add_column("activation", no_wrap=True)
    for heading in columns:
        rows.add_column(heading, no_wrap=True)
    for activation in ACTIVATIONS:
        arms = [found["arms"].get(f"{activation}-{ending}") for ending in columns.values()]
        if any(arms):
            rows.add_row(activation, *map(_cell, arms))
    return rows


def _cell(arm: dict[str, Any] | None) -> str:
    if arm is None:
        return "not run"
    quantiles = arm["accuracy"]["quantiles"]
    median = "diverged" if quantiles is None else f"{quantiles[MIDDLE]:.2f}"
    return f"{arm['beats']:.0%} / {arm['beats_any_line']:.0%}\n{median}"
