"""What standardizing the inputs does to training (article A0).

Recipe: ``make_classification(n_samples=1000, n_features=20, random_state=42)``, split 80 to 20;
a hidden layer of 64 neurons, two logits, cross-entropy, Adam with a learning rate of 0.001, 100
epochs of one step on all points; without standardization and with a ``Standardize`` layer adapted
on the training part. Beside the article's data, whose features hardly differ in scale, there are
three whose features do, see ``data.points``. Networks differ by their initial weights, and
are spread over ten splits, the first the article's own.

Arms are ``<data>-<activation>-<inputs>``: data article, rescaled, wine, cancer; activations relu,
leaky-relu (slope 0.2, Keras's), prelu (slopes that start at 0.25), sigmoid, tanh; inputs raw,
standardized. Two networks, ``fit-raw`` and ``fit-standardized``, are trained by ``model.fit`` on
the rescaled data, with ReLU and the tracker.

``measures`` in results.json:

- ``target_loss``: by data, the loss that ``epochs_to_target`` waits for: ln(classes)/2, in nats;
- ``quantile_levels``: of what is given as quantiles, each a value that occurs, see
  ``claims.summaries``;
- ``arms``: for each arm ``networks``, how many; ``diverged``, the share whose loss is NaN or
  infinite at the end; ``reached``, the share that reached the target; ``loss_epochs`` and
  ``loss_quantiles``, a list per epoch; and for each measure of ``arms.measured`` with one value per
  network its ``mean`` and ``quantiles`` (of ``epochs_to_target`` over those that reached it);
  ``feature_gradients``: median over the networks, one value per feature;
- ``fit``: for each of the two its ``loss`` and ``validation_accuracy`` at the end.

Each arm's folder has ``networks.npz``: these measures of every network.
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
from normlayers.experiments.claims.findings import ByArm
from normlayers.experiments.claims.summaries import (
    QUANTILES,
    distribution,
    finite_or_none,
    quantiles,
)
from normlayers.experiments.claims.table import claims_table
from normlayers.experiments.input_normalization.arguments import NAME, checked
from normlayers.experiments.input_normalization.arms import ARMS, FITS, KNOWN_ARMS
from normlayers.experiments.input_normalization.claims import CLAIMS, UNTRAINED
from normlayers.experiments.input_normalization.data import DATA, points
from normlayers.experiments.input_normalization.figures import FIGURES, caption, figures
from normlayers.experiments.input_normalization.table import table
from normlayers.experiments.input_normalization.tracked_fit import tracked_fit
from normlayers.experiments.input_normalization.training import train_arm, untrained
from normlayers.experiments.running.arms import Kept, here_or_on_workers, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions
from normlayers.pictures.png import to_png

Array = npt.NDArray[Any]
Found = dict[str, Array]

NETWORKS = "networks.npz"
# What makes the arms: they are made again when its code has changed.
MAKERS = (train_arm.__module__, tracked_fit.__module__)
CURVE_EPOCHS = 20


def run(
    log_dir: Path,
    seed: int = 0,
    networks: int = 200,
    epochs: int = 100,
    arms: Sequence[str] = KNOWN_ARMS,
    start_over: bool = False,
    scheduler: str | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Train the arms that ``log_dir`` does not hold yet, write results.json, pictures and tables.

    Args:
        log_dir: where everything goes; each arm to a folder of its name.
        seed: of the weights; all arms have the same.
        networks: how many an arm.
        epochs: passes over the data, one step each.
        arms: some of ``ARMS`` and ``FITS``.
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
    arguments = checked(seed, networks, epochs, arms)
    chosen = arguments["arms"]
    directory = LogDirectory(
        log_dir, NAME, chosen, arguments, versions(*MAKERS),
        own_files={arm: (NETWORKS,) for arm in chosen if arm in ARMS},
        files=FIGURES, known_arms=KNOWN_ARMS,
    )  # fmt: skip
    make_arm = partial(_make_arm, arguments)
    making = here_or_on_workers(scheduler, directory, make_arm, MAKERS)
    with closing(directory), making as make:
        directory.open(start_over)
        take_up_or_make(directory, chosen, make, console, each=networks * epochs)
        findings = {arm: directory.kept_arrays(arm, NETWORKS) for arm in chosen if arm not in FITS}
        fits = {arm: (directory.finished(arm) or {})["measures"] for arm in chosen if arm in FITS}
        results = _write(directory, findings, fits, arguments)
    console.print(table(results), claims_table(results["claims"]))
    console.print(f"Pictures, event files and every network's measures: {log_dir}", highlight=False)
    return results


def _make_arm(arguments: dict[str, Any], arm: str, folder: Path, advance: Advance) -> Kept:
    epochs, seed = arguments["epochs"], arguments["seed"]
    if arm in FITS:
        return Kept(tracked_fit(folder, arm.endswith("-standardized"), epochs, seed))
    return Kept(arrays={NETWORKS: train_arm(arm, arguments["networks"], epochs, seed, advance)})


def _write(
    directory: LogDirectory,
    findings: dict[str, Found],
    fits: dict[str, Any],
    arguments: dict[str, Any],
) -> dict[str, Any]:
    drawn = figures(ByArm(findings, ARMS))
    for name, figure in drawn.items():
        directory.write(name, to_png(figure))
    known = findings | {
        UNTRAINED: untrained("scaled", arguments["networks"], arguments["seed"]),
    }
    return directory.write_results(
        {
            "runtime_seconds": directory.runtime_seconds(),
            "measures": {
                "target_loss": {
                    data: float(np.log(points(data)[1].max() + 1) / 2) for data in DATA
                },
                "quantile_levels": list(QUANTILES),
                "arms": {arm: _summary(found) for arm, found in findings.items()},
                "fit": fits,
            },
            "claims": check(CLAIMS, ByArm(known, (*ARMS, UNTRAINED))),
            "figures": [
                {"file": name, "caption": caption(name, arguments["networks"])} for name in drawn
            ],
        }
    )


def _summary(found: Found) -> dict[str, Any]:
    epochs = found["loss"].shape[1]
    shown = np.unique(np.linspace(1, epochs, CURVE_EPOCHS).round().astype(int))
    return {
        "networks": len(found["loss"]),
        "diverged": float(found["diverged"].mean()),
        "reached": float(np.isfinite(found["epochs_to_target"]).mean()),
        "loss_epochs": shown.tolist(),
        "loss_quantiles": [
            distribution(found["loss"][:, epoch - 1])["quantiles"] for epoch in shown
        ],
        "feature_gradients": finite_or_none(quantiles(found["feature_gradients"], 0.5, axis=0)),
        **{
            name: distribution(values)
            for name, values in found.items()
            if name not in ("loss", "diverged", "feature_gradients")
        },
    }
