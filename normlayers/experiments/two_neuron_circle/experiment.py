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

The article's figures G1 to G4 and G9 to G17 are in the log directory by their numbers, see
``circle_figures``; G5 to G8 are of no network that is trained.

``measures`` in results.json:

- ``logistic_regression_accuracy``, ``majority_accuracy``: what the network has to beat, on the
  centred data (shares of the points);
- ``arms``: for each arm ``accuracy`` (share of the points) and ``loss`` (binary cross-entropy,
  nats) at the end; and as ``start`` and ``end``, before and after training: ``active_share`` and
  ``state`` of the two hidden neurons, ``overlap`` (share of the points that activates both) and
  ``linearity`` (R² of the logit against its best linear fit).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from rich.console import Console
from sklearn.metrics import accuracy_score, log_loss

from normlayers.experiments.data.circles import (
    BATCH_SIZE,
    SHIFT,
    circles,
    logistic_regression_accuracy,
)
from normlayers.experiments.running.command_line import LARGEST_SEED, check_ranges, chosen_arms
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.experiments.running.progress import EpochProgress, epochs_shown
from normlayers.experiments.running.versions import versions
from normlayers.experiments.running.whole_passes import fit_in_passes
from normlayers.experiments.two_neuron_circle.figures import (
    FIGURES,
    FILMED,
    OVERVIEW,
    captions,
    draw_arm,
    figures,
    overview,
)
from normlayers.experiments.two_neuron_circle.films import film_file
from normlayers.experiments.two_neuron_circle.lit_points import (
    LIT_FILMS,
    Activity,
    ActivityRecorder,
)
from normlayers.experiments.two_neuron_circle.table import table
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.standardize import Standardize
from normlayers.tracking import measures
from normlayers.tracking.activation_tracker import ActivationTracker

Array = npt.NDArray[Any]

NAME = "two_neuron_circle"
ACTIVATIONS = ("relu", "sigmoid")
CURES = ("standardized", "bn-pre", "bn-post")
DATA = ("centred", "shifted", *(f"shifted-{cure}" for cure in CURES))
ARMS = tuple(f"{activation}-{data}" for activation in ACTIVATIONS for data in DATA)
LAYERS = ("hidden", "output")
MODEL = "model.keras"
RANGES = {"seed": (0, LARGEST_SEED), "epochs": (1, 10**9), "every": (1, 10**9)}


def arm_data(arm: str) -> tuple[Array, Array]:
    """The data that an arm's network is given."""
    x, y = circles()
    return (x, y) if arm.endswith("-centred") else (x + np.float32(SHIFT), y)


def build_model(arm: str, seed: int, **compile_options: Any) -> Any:
    """An arm's network, initialized by the seed and compiled as the article compiles it."""
    keras.utils.set_random_seed(seed)
    layers: list[Any] = [keras.Input((2,))]
    if arm.endswith("-standardized"):
        layers.append(Standardize(name="standardize"))
        layers[-1].adapt(arm_data(arm)[0])
    activation, *_, last = arm.split("-")
    if last in ("pre", "post"):
        layers.append(keras.layers.Dense(2, name="hidden_dense"))
        placement: Any = last
        layers.append(BatchNormalization(activation=activation, placement=placement, name="hidden"))
    else:
        layers.append(keras.layers.Dense(2, activation=activation, name="hidden"))
    layers.append(keras.layers.Dense(1, activation="sigmoid", name="output"))
    model = keras.Sequential(layers, name=arm.replace("-", "_"))
    model.compile(loss="binary_crossentropy", **compile_options)
    return model


def run_arm(
    arm: str, folder: Path, seed: int, epochs: int, every: int, progress: EpochProgress
) -> dict[str, Any]:
    """Train, track and draw one arm, all to its folder, and return its time and measures."""
    started = time.perf_counter()
    found, observed = train(arm, folder, seed, epochs, every, progress)
    draw_arm(folder, *arm_data(arm), observed, lit_films(arm))
    return {"runtime_seconds": time.perf_counter() - started, "measures": found}


def train(
    arm: str, folder: Path, seed: int, epochs: int, every: int, progress: EpochProgress
) -> tuple[dict[str, Any], list[Activity]]:
    """Train and track one arm, and write its event file and model to a folder.

    Returns:
        the arm's measures, and who was active when.
    """
    x, y = arm_data(arm)
    passes = math.gcd(every, epochs)
    model = build_model(arm, seed, metrics=["accuracy"])
    tracker = ActivationTracker(
        folder, x, y, LAYERS, every=every // passes, passes_per_epoch=passes
    )
    recorder = ActivityRecorder(tracker, LAYERS)
    callbacks = [tracker, recorder, progress.callback(arm, passes)]
    fit_in_passes(model, x, y, BATCH_SIZE, epochs, passes, seed, callbacks)
    model.save(folder / MODEL)
    probability = np.asarray(keras.ops.convert_to_numpy(model(x)), float)
    found = {
        "accuracy": float(accuracy_score(y, probability > 0.5)),
        "loss": float(log_loss(y, probability)),
        "start": _state_of_hidden(tracker, 0),
        "end": _state_of_hidden(tracker, -1),
    }
    return found, recorder.observed


def lit_films(arm: str) -> tuple[str, ...]:
    """Of ``LIT_FILMS``, those that an arm has: of a cure, before and after."""
    return ("start", "end") if arm.endswith(CURES) else LIT_FILMS


def _state_of_hidden(tracker: ActivationTracker, observation: int) -> dict[str, Any]:
    def at(tag: str) -> float:
        return float(tracker.history[tag][observation])

    share = [at(f"activity/hidden/neuron_{i}") for i in range(2)]
    return {
        "active_share": share,
        "state": measures.states(np.array(share)).tolist(),
        "overlap": at("activity/hidden/overlap"),
        "linearity": at("linearity"),
    }


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
    arms = _checked(seed, epochs, arms, every)
    each = {"seed": seed, "epochs": epochs, "every": every}
    arguments = {**each, "arms": arms}
    directory = LogDirectory(
        log_dir,
        NAME,
        arms,
        arguments,
        versions(),
        arm_files=(MODEL, *map(film_file, FILMED)),
        more_arm_files=[film_file(tag, "mp4") for tag in FILMED],
        files=(OVERVIEW, *FIGURES),
        own_files={arm: [film_file(f"lit/{film}") for film in lit_films(arm)] for arm in ARMS},
        known_arms=ARMS,
    )
    directory.open(start_over)
    with closing(directory):
        missing = [arm for arm in arms if directory.finished(arm) is None]
        with epochs_shown(console, epochs * len(arms)) as progress:
            progress.reach(epochs * (len(arms) - len(missing)))
            for number, arm in enumerate(missing, start=1):
                directory.begin(arm)
                directory.finish(arm, run_arm(arm, log_dir / arm, progress=progress, **each))
                progress.reach(epochs * (len(arms) - len(missing) + number))
        directory.write(OVERVIEW, _overview(directory, arms))
        for figure, content in figures(log_dir, arms, *circles()):
            directory.write(figure, content)
        found = _found_by({arm: directory.finished(arm) or {} for arm in arms})
        told = {"claims": [], "figures": captions(arms, epochs)}
        results = directory.write_results({**found, **told})
    console.print(table(results))
    console.print(f"Films, models and event files: {log_dir}", highlight=False)
    return results


def _found_by(arms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "runtime_seconds": sum(found["runtime_seconds"] for found in arms.values()),
        "measures": {
            **_baselines(),
            "arms": {arm: found["measures"] for arm, found in arms.items()},
        },
    }


def _overview(directory: LogDirectory, arms: Sequence[str]) -> bytes:
    panels = []
    for arm in arms:
        found = directory.finished(arm) or {}
        title = f"{arm}: {found['measures']['accuracy']:.3f}"
        model = keras.models.load_model(directory.path / arm / MODEL, compile=False)
        panels.append((title, arm_data(arm)[0], model))
    return overview(panels, circles()[1], columns=min(len(arms), len(DATA)))


def _checked(seed: int, epochs: int, arms: Sequence[str], every: int) -> list[str]:
    check_ranges({"seed": seed, "epochs": epochs, "every": every}, RANGES)
    return chosen_arms(arms, ARMS)


def _baselines() -> dict[str, float]:
    _, y = circles()
    return {
        "logistic_regression_accuracy": logistic_regression_accuracy(),
        "majority_accuracy": float(max(y.mean(), 1 - y.mean())),
    }
