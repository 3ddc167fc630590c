"""Which neurons are active at initialization, centred data and shifted (article A2, G5 to G8).

Networks of one hidden layer whose weights come from U(-1, 1), each with points of its own from
U(c - 1, c + 1) in every input, for the shifts c = 0, ..., 9; see ``simulated_odds``. What they
should show, where it can be derived, is in ``exact_odds``. The kinds of networks are

- ``bias_zero``: bias 0, Keras's default;
- ``bias_uniform``: bias from U(-1, 1) like the weights.

A neuron is active on a point where its pre-activation is positive.

``measures`` in results.json:

- ``shift``: the shifts c. Every list named below has one entry a shift, in this order.
- ``bias_zero`` and ``bias_uniform``, each with

  - ``share_on_all``, ``share_on_part``, ``share_on_none``: share of the neurons that are active
    on all, part, none of their network's points;
  - ``mean_active``: mean share of the neurons that are active at a point;
  - ``number_active``: shares of the points with 0, 1, ..., all neurons active;
  - ``selective_neurons``: shares of the networks with 0, 1, ..., all neurons active on part;
  - ``share_quantiles``: quantiles of the share of the points that activates a neuron;
  - ``share_histogram``: shares of the neurons in 21 equal bins of that share;
  - ``overlap_quantiles``, ``overlap_histogram`` (20 bins): the same of the share of the points
    that activates both neurons of a pair; ``null`` for a single neuron.

- ``quantile_levels``: the levels of the quantiles, each a share that occurs, see
  ``claims.summaries``.
- ``exact``: ``mean_active`` and ``number_active``, the same at every shift; under each kind
  ``share_on_all``, ``share_on_part`` and ``share_on_none`` of the whole cube, of which a sample of
  points may miss a corner (``null`` beyond 50 inputs); ``overlap_quantiles`` at shift 0 with
  bias 0 (``null`` but for two inputs).

In the histograms k points of n stand for the interval from k / (n + 1) to (k + 1) / (n + 1), so
that equal bins hold equally many shares whatever n is.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from normlayers.experiments.activation_odds import exact_odds
from normlayers.experiments.activation_odds.arguments import NAME, checked
from normlayers.experiments.activation_odds.claims import CLAIMS
from normlayers.experiments.activation_odds.figures import (
    captions,
    picture_files,
    write_pictures,
)
from normlayers.experiments.activation_odds.simulated_odds import BIASES, SHIFTS, Odds, simulate
from normlayers.experiments.activation_odds.table import table
from normlayers.experiments.claims.claim import check
from normlayers.experiments.claims.summaries import PERCENT, QUANTILES, quantiles_of_counts
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.running.arms import Kept, one_by_one, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions

Array = npt.NDArray[Any]

RUN = "initialization"
# What is kept of it: the arrays of ``Odds``.
COUNTS = "counts.npz"
OF_COUNTS = (
    "neuron_counts", "pair_counts", "number_active", "on_part", "active_sum", "active_squares",
)  # fmt: skip
# What makes the arms: they are made again when its code has changed.
MAKERS = (simulate.__module__,)
SHARE_BINS, OVERLAP_BINS = 21, 20


def measures_of(odds: Odds) -> dict[str, Any]:
    """The ``measures`` of results.json, explained at the top of this module."""
    return {
        "shift": list(odds.shifts),
        "quantile_levels": list(QUANTILES),
        **{bias: _measures_with(odds, b) for b, bias in enumerate(BIASES)},
        "exact": _exact(odds),
    }


def _measures_with(odds: Odds, b: int) -> dict[str, Any]:
    neurons = odds.neuron_counts[b] / (odds.networks * odds.neurons)
    found = {
        "share_on_all": neurons[:, -1],
        "share_on_part": neurons[:, 1:-1].sum(axis=-1),
        "share_on_none": neurons[:, 0],
        "mean_active": odds.active_sum[b] / odds.networks,
        "number_active": odds.number_active[b] / (odds.networks * odds.points),
        "selective_neurons": odds.on_part[b] / odds.networks,
        "share_quantiles": quantiles_of_counts(odds.neuron_counts[b]),
        "share_histogram": _histogram(odds.neuron_counts[b], SHARE_BINS),
    }
    overlap = dict.fromkeys(("overlap_quantiles", "overlap_histogram"))
    if odds.neurons > 1:
        found["overlap_quantiles"] = quantiles_of_counts(odds.pair_counts[b])
        found["overlap_histogram"] = _histogram(odds.pair_counts[b], OVERLAP_BINS)
    return overlap | {name: values.tolist() for name, values in found.items()}


def _histogram(counts: Array, bins: int) -> Array:
    """Shares in equal bins; k is spread evenly from k / (n + 1) to (k + 1) / (n + 1)."""
    edges = np.linspace(0, 1, counts.shape[-1] + 1)
    wanted = np.linspace(0, 1, bins + 1)
    up_to = np.pad(counts.cumsum(axis=-1), ((0, 0), (1, 0))) / counts.sum(axis=-1, keepdims=True)
    return np.diff([np.interp(wanted, edges, row) for row in up_to], axis=-1)


def _exact(odds: Odds) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mean_active": 0.5,
        "number_active": exact_odds.number_active(odds.neurons),
        "overlap_quantiles": None,
        **dict.fromkeys(BIASES),
    }
    if odds.inputs == 2 and odds.neurons > 1:
        found["overlap_quantiles"] = [percent / 200 for percent in PERCENT]
    if odds.inputs <= exact_odds.MOST_INPUTS:
        for b, bias in enumerate(BIASES):
            on_all = [float(exact_odds.always_on(odds.inputs, c, bool(b))) for c in odds.shifts]
            found[bias] = {
                "share_on_all": on_all,
                "share_on_part": [1 - 2 * share for share in on_all],
                "share_on_none": on_all,
            }
    return found


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 100_000,
    points: int = 200,
    inputs: int = 2,
    neurons: int = 2,
    start_over: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Simulate unless ``log_dir`` holds the counts; write results, figures and a table.

    Args:
        log_dir: where everything goes; TensorBoard's event file to the folder ``RUN`` in it.
        seed: of everything random.
        networks: how many of each kind.
        points: of each network's data.
        inputs: of the hidden layer.
        neurons: of the hidden layer.
        start_over: remove an earlier run, whatever its arguments, first.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range or ``log_dir`` cannot be used. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, networks, points, inputs, neurons)
    # Those of one neuron's run, and those that a larger network's run may have left here.
    files = picture_files(neurons=2)
    directory = LogDirectory(
        log_dir, NAME, [RUN], arguments, versions(*MAKERS), arm_files=(COUNTS,), files=files
    )
    directory.open(start_over)
    with closing(directory):
        make = one_by_one(directory, partial(_simulated, arguments))
        take_up_or_make(directory, [RUN], make, console, each=networks, unit="networks")
        counts = directory.kept_arrays(RUN, COUNTS)
        odds = Odds(networks, points, inputs, neurons, SHIFTS, **counts)
        measures = measures_of(odds)
        with directory.redrawing(RUN) as folder:
            write_pictures(measures, arguments, directory, folder)
        results = directory.write_results(
            {
                "runtime_seconds": directory.runtime_seconds(),
                "measures": measures,
                "claims": check(CLAIMS, odds),
                "figures": captions(arguments),
            }
        )
    console.print(table(results), claims_table(results["claims"]))
    console.print(f"Pictures and event file: {log_dir}", highlight=False)
    return results


def _simulated(arguments: dict[str, Any], arm: str, folder: Path, advance: Advance) -> Kept:
    counted = vars(simulate(**arguments, advance=advance))
    return Kept(arrays={COUNTS: {name: counted[name] for name in OF_COUNTS}})
