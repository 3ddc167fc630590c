"""A thousand two-neuron networks an arm: how often article A2's observations occur.

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
- ``arms``: for each arm ``networks``, how many; ``diverged``, the share whose logits are not
  finite; ``beats``, the share that beats logistic regression, with ``beats_ci95``;
  ``beats_any_line``, the share more accurate than the best line, the same way; and for each
  measure of ``measures.StackedMeasures`` its ``mean`` and ``quantiles`` over the
  networks that have it.

Each arm's folder has ``networks.npy``: these measures of every network, a field a measure.
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
from normlayers.experiments.claims.evidence import share
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.claims.summaries import QUANTILES, distribution
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.data.circles import BATCH_SIZE, circles, logistic_regression_accuracy
from normlayers.experiments.running.arms import Kept, here_or_on_workers, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions
from normlayers.experiments.two_neuron_ensemble.arguments import NAME, checked
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from normlayers.experiments.two_neuron_ensemble.best_line import best_line_accuracy
from normlayers.experiments.two_neuron_ensemble.claims import (
    BEATS_BY,
    CLAIMS,
    beats,
)
from normlayers.experiments.two_neuron_ensemble.figures import PICTURES, captions, pictures
from normlayers.experiments.two_neuron_ensemble.table import table
from normlayers.experiments.two_neuron_ensemble.training import NETWORKS, kept_networks, train
from normlayers.pictures.png import to_png

Array = npt.NDArray[Any]
# By arm an array with a field a measure and an element a network.
Found = dict[str, Array]

# What makes the arms: they are made again when its code has changed.
MAKERS = (train.__module__,)
# Accuracies are kept in 32 bits; one point more is 0.006.
ROUNDING = 1e-6


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 1000,
    epochs: int = 1000,
    batch_size: int = BATCH_SIZE,
    optimizer: str = "rmsprop",
    arms: Sequence[str] = tuple(ARMS),
    start_over: bool = False,
    scheduler: str | None = None,
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
        scheduler: address of a Dask scheduler, whose workers then make the arms.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range, ``log_dir`` cannot be used or ``scheduler`` not
            reached. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, networks, epochs, batch_size, optimizer, arms)
    arms = arguments["arms"]
    directory = LogDirectory(
        log_dir, NAME, arms, arguments, versions(*MAKERS), arm_files=(NETWORKS,), files=PICTURES,
        known_arms=list(ARMS),
    )  # fmt: skip
    make_arm = partial(_make_arm, arguments)
    making = here_or_on_workers(scheduler, directory, make_arm, MAKERS)
    with closing(directory), making as make:
        directory.open(start_over)
        take_up_or_make(directory, arms, make, console, each=networks * epochs)
        findings = {arm: kept_networks(log_dir / arm) for arm in arms}
        found = {
            "runtime_seconds": directory.runtime_seconds(),
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


def _make_arm(arguments: dict[str, Any], arm: str, folder: Path, advance: Advance) -> Kept:
    train(arguments, arm, folder, advance)
    return Kept()


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
