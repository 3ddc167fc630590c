"""Two neurons, two circles: what shifting the data does to a small network (article A2).

Recipe: 166 points in two concentric circles (Y = 1 outside); Dense(2) -> Dense(1, sigmoid),
binary cross-entropy, RMSprop at its defaults, Keras's default initialization, batches of 4,
1,000 epochs. The arms are {relu, sigmoid} x

- ``centred``: the data as they are;
- ``shifted``: 10 added to both coordinates;
- ``shifted-standardized``: the shifted data through a ``Standardize`` layer;
- ``shifted-bn-pre``, ``shifted-bn-post``: the shifted data, and a ``BatchNormalization`` before or
  after the hidden activation. Its moving statistics start at 0 and 1, so that before training it
  normalizes nothing yet.

All arms of a seed start from the same weights and see the same batches. One network an arm shows
what can happen, not how often: so results.json holds no claims.

``neurons.html`` is the explorer's view of all arms, to open in a browser, and ``overview.png``
their boundaries. The article's figures G1 to G4 and G9 to G17 are in the log directory by their
numbers, see ``figures``; G5 to G8 are of no network that is trained.

``measures`` in results.json:

- ``logistic_regression_accuracy``, ``majority_accuracy``: what the network has to beat, on the
  centred data (shares of the points);
- ``arms``: for each arm ``accuracy`` (share of the points) and ``loss`` (binary cross-entropy,
  nats) at the end; and as ``start`` and ``end``, before and after training: ``active_share`` and
  ``state`` of the two hidden neurons, ``overlap`` (share of the points that activates both) and
  ``linearity`` (R² of the logit against its best linear fit).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from normlayers.experiments.data.circles import circles, logistic_regression_accuracy
from normlayers.experiments.running.arms import Kept, one_by_one, take_up_or_make
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import Advance
from normlayers.experiments.running.versions import versions
from normlayers.experiments.two_neuron_circle.arguments import NAME, checked
from normlayers.experiments.two_neuron_circle.arms import ARMS, DATA
from normlayers.experiments.two_neuron_circle.figures import (
    FIGURES,
    OVERVIEW,
    PAGE,
    captions,
    describe,
    figures,
    neurons_page,
    overview,
)
from normlayers.experiments.two_neuron_circle.films import FILMED, film_file
from normlayers.experiments.two_neuron_circle.table import table
from normlayers.experiments.two_neuron_circle.training import (
    MODEL,
    arm_data,
    lit_films,
    make_arm,
)

# What makes the arms: they are made again when its code has changed.
MAKERS = (make_arm.__module__,)


def run(
    log_dir: Path,
    seed: int = 10,
    epochs: int = 1000,
    arms: Sequence[str] = ARMS,
    every: int = 20,
    start_over: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Run the arms that ``log_dir`` does not hold yet, write results.json and print a table.

    Args:
        log_dir: where everything goes; each arm to a folder of its name.
        seed: of the weights and of the shuffling.
        epochs: passes over the data.
        arms: some of ``ARMS``.
        every: epochs from one picture to the next.
        start_over: remove an earlier run, whatever its arguments, first.
        console: where to print.

    Returns:
        the content of results.json.

    Raises:
        UsageError: an argument is out of range or ``log_dir`` cannot be used. Nothing was written.
    """
    console = console or Console()
    arguments = checked(seed, epochs, arms, every)
    arms = arguments["arms"]
    each = {"seed": seed, "epochs": epochs, "every": every}
    directory = LogDirectory(
        log_dir,
        NAME,
        arms,
        arguments,
        versions(*MAKERS),
        arm_files=(MODEL, *map(film_file, FILMED)),
        more_arm_files=[film_file(tag, "mp4") for tag in FILMED],
        files=(OVERVIEW, PAGE, *FIGURES),
        own_files={arm: [film_file(f"lit/{film}") for film in lit_films(arm)] for arm in ARMS},
        known_arms=ARMS,
    )
    directory.open(start_over)
    with closing(directory):
        make = one_by_one(directory, partial(_make_arm, each))
        take_up_or_make(directory, arms, make, console, each=epochs)
        directory.write(OVERVIEW, _overview(directory, arms))
        directory.write(PAGE, neurons_page(log_dir, arms))
        for figure, content in figures(log_dir, arms, *circles()):
            directory.write(figure, content)
        results = directory.write_results(
            {
                "runtime_seconds": directory.runtime_seconds(),
                "measures": {**_baselines(), "arms": _measures(directory, arms)},
                "claims": [],
                "figures": captions(arms, epochs),
            }
        )
    console.print(table(results))
    console.print(f"Films, models and event files: {log_dir}", highlight=False)
    return results


def _make_arm(each: dict[str, int], arm: str, folder: Path, advance: Advance) -> Kept:
    return Kept(make_arm(arm, folder, advance=advance, describe=partial(describe, arm), **each))


def _measures(directory: LogDirectory, arms: Sequence[str]) -> dict[str, Any]:
    return {arm: (directory.finished(arm) or {})["measures"] for arm in arms}


def _overview(directory: LogDirectory, arms: Sequence[str]) -> bytes:
    panels = []
    for arm, measured in _measures(directory, arms).items():
        title = f"{arm}: {measured['accuracy']:.3f}"
        model = keras.models.load_model(directory.path / arm / MODEL, compile=False)
        panels.append((title, arm_data(arm)[0], model))
    return overview(panels, circles()[1], columns=min(len(arms), len(DATA)))


def _baselines() -> dict[str, float]:
    _, y = circles()
    return {
        "logistic_regression_accuracy": logistic_regression_accuracy(),
        "majority_accuracy": float(max(y.mean(), 1 - y.mean())),
    }
