"""Article A0's network trained by ``model.fit`` and watched by the tracker, for TensorBoard."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras

from normlayers.experiments.input_normalization.arms import Arm
from normlayers.experiments.input_normalization.data import splits
from normlayers.experiments.running.keras_fit.initial_weights import draw_initial_weights
from normlayers.experiments.running.keras_fit.whole_passes import fit_in_passes
from normlayers.layers.standardize import Standardize
from normlayers.tracking.activation_tracker import ActivationTracker

DATA, ACTIVATION = "rescaled", "relu"
# Epochs from one observation to the next, and points that are watched.
EVERY, WATCHED = 10, 200


def tracked_fit(folder: Path, standardized: bool, epochs: int, seed: int) -> dict[str, Any]:
    """Train one network on the rescaled data and write its event file.

    Args:
        folder: where the event file goes.
        standardized: whether a ``Standardize`` layer, adapted on the training part, comes first.
        epochs: passes over the data, one step each.
        seed: of the weights.

    Returns:
        its ``loss`` and ``validation_accuracy`` at the end.
    """
    split = splits(DATA)[0]
    keras.utils.set_random_seed(seed)
    network = Arm(DATA, ACTIVATION, standardized).classifier.keras_model()
    layers: list[Any] = [keras.Input((split.x.shape[1],))]
    if standardized:
        layers.append(Standardize(name="standardize"))
        layers[-1].adapt(split.x)
    model = keras.Sequential([*layers, *network.layers])
    draw_initial_weights(model, seed)
    model.compile(
        "adam",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    passes = math.gcd(EVERY, epochs)
    tracker = ActivationTracker(
        folder, split.x[:WATCHED], split.y[:WATCHED], every=EVERY // passes, passes_per_epoch=passes
    )
    fit_in_passes(model, split.x, split.y[:, None], len(split.x), epochs, passes, seed, [tracker])
    scores = [
        model.evaluate(x, y, batch_size=len(x), verbose=0)
        for x, y in ((split.x, split.y), (split.x_validation, split.y_validation))
    ]
    return {"loss": scores[0][0], "validation_accuracy": scores[1][1]}
