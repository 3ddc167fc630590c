"""The arms of ``two_neuron_circle``: their data and models, how they train and what they write."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, log_loss

from normlayers.experiments.data.circles import BATCH_SIZE, SHIFT, circles
from normlayers.experiments.running.keras_fit.initial_weights import draw_initial_weights
from normlayers.experiments.running.keras_fit.whole_passes import fit_in_passes
from normlayers.experiments.two_neuron_circle.arms import CURES
from normlayers.experiments.two_neuron_circle.films import draw_arm
from normlayers.experiments.two_neuron_circle.lit_points import (
    LIT_FILMS,
    Activity,
    ActivityRecorder,
)
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.standardize import Standardize
from normlayers.pictures.whole_file import whole_file
from normlayers.tracking import measures
from normlayers.tracking.activation_tracker import ActivationTracker

Array = npt.NDArray[Any]

LAYERS = ("hidden", "output")
MODEL = "model.keras"


def arm_data(arm: str) -> tuple[Array, Array]:
    """An arm's data: ``x`` of shape (166, 2), ``y`` of shape (166, 1), both float32."""
    x, y = circles()
    return (x, y) if arm.endswith("-centred") else (x + np.float32(SHIFT), y)


def build_model(arm: str, seed: int, **compile_options: Any) -> Any:
    """An arm's network, its weights drawn with the seed, compiled as in the article."""
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
    draw_initial_weights(model, seed)
    model.compile(loss="binary_crossentropy", **compile_options)
    return model


def make_arm(
    arm: str,
    folder: Path,
    seed: int,
    epochs: int,
    every: int,
    advance: Callable[[int], None],
    describe: Callable[[str], str],
) -> dict[str, Any]:
    """Train, track and draw one arm; its event file, model and films go to its folder.

    Args:
        arm: one of ``ARMS``.
        folder: the arm's.
        seed: of the weights and of the shuffling.
        epochs: passes over the data.
        every: epochs from one picture to the next.
        advance: called with the number of epochs that were trained since the last call.
        describe: what TensorBoard says of a picture, by its tag.

    Returns:
        the arm's measures.
    """
    found, observed = train(arm, folder, seed, epochs, every, advance)
    draw_arm(folder, *arm_data(arm), observed, lit_films(arm), describe)
    return found


def train(
    arm: str, folder: Path, seed: int, epochs: int, every: int, advance: Callable[[int], None]
) -> tuple[dict[str, Any], list[Activity]]:
    """Train and track one arm, and write its event file and model to a folder.

    Returns:
        the arm's measures, and which neurons were active at each observation.
    """
    x, y = arm_data(arm)
    passes = math.gcd(every, epochs)
    model = build_model(arm, seed, metrics=["accuracy"])
    tracker = ActivationTracker(
        folder, x, y, LAYERS, every=every // passes, passes_per_epoch=passes
    )
    recorder = ActivityRecorder(tracker, LAYERS)
    counting = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: advance(passes))
    callbacks = [tracker, recorder, counting]
    fit_in_passes(model, x, y, BATCH_SIZE, epochs, passes, seed, callbacks)
    with whole_file(folder / MODEL) as path:
        model.save(path)
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
