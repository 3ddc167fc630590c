"""Two neurons, two circles: what shifting the data does to a small network (article A2).

Recipe: 166 points in two concentric circles (Y = 1 outside); Dense(2) -> Dense(1, sigmoid),
binary cross-entropy, RMSprop at its defaults, Keras's default initialization, batches of 4,
1,000 epochs. The arms are {relu, sigmoid} x

- ``centred``: the data as they are;
- ``shifted``: 10 added to both coordinates;
- ``shifted-standardized``: the shifted data through a ``Standardize`` layer.

All arms of a seed start from the same weights and see the same batches. One network an arm shows
what can happen, not how often: so results.json holds no claims.

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
from zipfile import is_zipfile

import keras
import numpy as np
import numpy.typing as npt
from rich import box
from rich.console import Console
from rich.table import Table
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss

from normlayers.experiments.command_line import UsageError
from normlayers.experiments.log_directory import LogDirectory
from normlayers.experiments.progress import EpochProgress, epochs_shown
from normlayers.experiments.results import device, versions
from normlayers.layers.standardize import Standardize
from normlayers.pictures.boundary import boundary_overview
from normlayers.pictures.png import to_png
from normlayers.tracking import measures
from normlayers.tracking.activation_tracker import ActivationTracker
from normlayers.tracking.boundary import boundary_over
from normlayers.tracking.probe import Probe

Array = npt.NDArray[Any]

NAME = "two_neuron_circle"
ACTIVATIONS = ("relu", "sigmoid")
DATA = ("centred", "shifted", "shifted-standardized")
ARMS = tuple(f"{activation}-{data}" for activation in ACTIVATIONS for data in DATA)
SHIFT = 10.0
BATCH_SIZE = 4
MODEL = "model.keras"
FILMS = ("boundary_input.gif", "boundary_hidden.gif", "network.gif")
OVERVIEW = "overview.png"
# Seeds are 32-bit numbers to NumPy, and so to keras.utils.set_random_seed.
LARGEST_SEED = 2**32 - 1


def circles() -> tuple[Array, Array]:
    """The article's data: ``x`` of shape (166, 2), ``y`` of shape (166, 1), both float32."""
    x, _ = make_blobs(n_samples=200, centers=[[0, 0]], cluster_std=1, random_state=1)
    radius_squared = (x**2).sum(axis=1)
    kept = (radius_squared < 1) | (radius_squared > 1.5)
    labels = radius_squared[kept] >= 1
    return x[kept].astype("float32"), labels.astype("float32")[:, np.newaxis]


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
    activation = arm.split("-")[0]
    layers.append(keras.layers.Dense(2, activation=activation, name="hidden"))
    layers.append(keras.layers.Dense(1, activation="sigmoid", name="output"))
    model = keras.Sequential(layers, name=arm.replace("-", "_"))
    model.compile(loss="binary_crossentropy", **compile_options)
    return model


def train(
    arm: str,
    folder: Path,
    seed: int,
    epochs: int,
    every: int,
    progress: EpochProgress,
) -> dict[str, Any]:
    """Train and track one arm, and write its films, event file and model to a folder.

    Returns:
        the arm's measures.
    """
    x, y = arm_data(arm)
    # `fit` costs a millisecond a call and 0.05 ms a step, so an execution spans as many passes
    # over the data as lie between two events.
    passes = math.gcd(every, epochs)
    steps = passes * math.ceil(len(x) / BATCH_SIZE)
    model = build_model(
        arm, seed, metrics=["accuracy"], steps_per_execution=steps, jit_compile=True
    )
    tracker = ActivationTracker(
        folder, x, y, every=every // passes, passes_per_epoch=passes, films=True
    )
    model.fit(
        _shuffled_passes(x, y, seed),
        epochs=epochs // passes,
        steps_per_epoch=steps,
        shuffle=False,  # the data set shuffles itself
        verbose=0,
        callbacks=[tracker, progress.callback(arm, passes)],
    )
    model.save(folder / MODEL)
    probability = np.asarray(keras.ops.convert_to_numpy(model(x)), float)
    return {
        "accuracy": float(accuracy_score(y, probability > 0.5)),
        "loss": float(log_loss(y, probability)),
        "start": _state_of_hidden(tracker, 0),
        "end": _state_of_hidden(tracker, -1),
    }


def _shuffled_passes(x: Array, y: Array, seed: int) -> Any:
    """Endless batches, shuffled anew for each pass; no batch spans two passes."""
    import tensorflow as tf  # the fastest source of steps whatever the backend

    data = tf.data.Dataset.from_tensor_slices((x, y))
    return data.shuffle(len(x), seed=seed).batch(BATCH_SIZE).repeat()


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
    arguments = {"seed": seed, "epochs": epochs, "arms": arms, "every": every}
    made_with = versions()
    directory = LogDirectory(
        log_dir,
        NAME,
        arms,
        arguments,
        made_with,
        arm_files=(MODEL, *FILMS),
        more_arm_files=[film.replace(".gif", ".mp4") for film in FILMS],
        files=(OVERVIEW,),
    )
    directory.open(start_over)
    with closing(directory):
        with epochs_shown(console, epochs * len(arms)) as progress:
            for number, arm in enumerate(arms, start=1):
                if directory.finished(arm) is None or not is_zipfile(log_dir / arm / MODEL):
                    started = time.perf_counter()
                    found = train(arm, directory.begin(arm), seed, epochs, every, progress)
                    runtime = time.perf_counter() - started
                    directory.finish(arm, {"runtime_seconds": runtime, "measures": found})
                progress.reach(number * epochs)
        results = {
            "experiment": NAME,
            "seed": seed,
            "arguments": arguments,
            "versions": made_with,
            "device": device(),
            **_found_by({arm: directory.finished(arm) or {} for arm in arms}),
            "claims": [],
        }
        directory.write(OVERVIEW, overview(log_dir, arms))
        directory.write_results(results)
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


def _checked(seed: int, epochs: int, arms: Sequence[str], every: int) -> list[str]:
    for name, value, least in (("seed", seed, 0), ("epochs", epochs, 1), ("every", every, 1)):
        if value < least:
            raise UsageError(f"--{name} must be at least {least}, not {value}.")
    if seed > LARGEST_SEED:
        raise UsageError(f"--seed must be at most {LARGEST_SEED}, not {seed}.")
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown or not arms:
        raise UsageError(
            f"there is no arm {unknown[0] if unknown else ''!r}; the arms are {', '.join(ARMS)}."
        )
    return [arm for arm in ARMS if arm in arms]


def _baselines() -> dict[str, float]:
    x, y = circles()
    logistic_regression = LogisticRegression().fit(x, y.ravel())
    return {
        "logistic_regression_accuracy": float(logistic_regression.score(x, y.ravel())),
        "majority_accuracy": float(max(y.mean(), 1 - y.mean())),
    }


def overview(log_dir: Path, arms: Sequence[str]) -> bytes:
    """The arms' final decision boundaries side by side, as a PNG, from their saved models."""
    panels = []
    for arm in arms:
        x, y = arm_data(arm)
        model = keras.models.load_model(log_dir / arm / MODEL)
        drawn = boundary_over(x, Probe(model).logit)
        panels.append((drawn.points, drawn.extent, drawn.logit, arm))
    return to_png(boundary_overview(panels, y.ravel() > 0.5, columns=min(len(arms), len(DATA))))


def table(results: dict[str, Any]) -> Table:
    """The closing table: each arm's accuracy, and its hidden neurons before and after."""
    found = results["measures"]
    rows = Table(
        title="Two neurons, two circles",
        caption="h0, h1: the hidden neurons. Linearity 1: no more than a logistic regression, "
        f"whose accuracy is {found['logistic_regression_accuracy']:.3f}; "
        f"that of always the larger class is {found['majority_accuracy']:.3f}.",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in ("arm", "accuracy", "at the start", "at the end", "linearity"):
        rows.add_column(heading, no_wrap=True)
    for arm, measured in found["arms"].items():
        neurons = [
            "\n".join(
                f"h{i} {state.replace('_', ' ')}" for i, state in enumerate(measured[when]["state"])
            )
            for when in ("start", "end")
        ]
        rows.add_row(
            arm, f"{measured['accuracy']:.3f}", *neurons, f"{measured['end']['linearity']:.3f}"
        )
    return rows
