"""Networks trained on digits under each way to scale them, and on digits far too large or small.

A network has 64 inputs, 16 hidden neurons and 10 outputs, and trains with Adam at Keras's default
learning rate in batches of 32 on 1,408 of the digits; the other 389 are for validation. Networks
20 by 20 have another split. The arms are

- ``relu-<scaling>``: under each scaling but standardization;
- ``<activation>-times-1e<exponent>``: on digits standardized and multiplied by a power of ten.

A network's initial weights, split and shuffling are the same in every arm, so that arms can be
compared in pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_ensemble import Split, epochs_to, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.dense_networks import Weights
from normlayers.ensembles.forward_pass import Passed
from normlayers.ensembles.saturation import saturation, slopes
from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.scalings import SCALINGS, scaled

Array = npt.NDArray[Any]

HIDDEN, CLASSES = 16, 10
TRAINING_POINTS, BATCH_SIZE = 1408, 32
SPLITS, GROUP = 5, 20  # and networks on each split in turn
ACTIVATIONS = ("sigmoid", "tanh", "relu")
EXPONENTS = (-4, -2, 0, 2, 4)
# Half of what a network loses that gives all classes the same probability.
TARGET_LOSS = float(np.log(CLASSES) / 2)
# Sigmoid's derivative is 1/4 at most, the others' 1.
STEEPEST = {"sigmoid": 0.25}


@dataclass(frozen=True)
class Arm:
    """A kind of network on a kind of data: scaled, then multiplied by ``10**exponent``."""

    activation: str
    scaling: str
    exponent: int = 0


def arm_name(activation: str, exponent: int) -> str:
    """The arm with standardized digits times a power of ten.

    Example:
        >>> arm_name("tanh", -2)
        'tanh-times-1e-2'
    """
    return f"{activation}-times-1e{exponent}"


ARMS = {
    **{f"relu-{s}": Arm("relu", s) for s in SCALINGS if s != "standardized"},
    **{arm_name(a, e): Arm(a, "standardized", e) for a in ACTIVATIONS for e in EXPONENTS},
}
# By scaling the arm with ReLU networks on the digits so scaled.
SCALED_ARMS = {
    scaling: arm_name("relu", 0) if scaling == "standardized" else f"relu-{scaling}"
    for scaling in SCALINGS
}


def look(classifier: Classifier, weights: Weights, passed: Passed, x: Any) -> dict[str, Any]:
    """The share of (neuron, point) pairs that are saturated, and the mean derivative.

    See ``saturation``. The mean is a part of the activation's largest derivative.
    """
    outputs = passed.outputs[0]
    steepest = STEEPEST.get(classifier.activation, 1.0)
    return {
        "saturation_start": saturation(classifier, outputs),
        "slope_start": ops.mean(slopes(classifier, outputs), axis=(1, 2)) / steepest,
    }


def train_arm(
    name: str,
    networks: int,
    epochs: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda network_epochs: None,
) -> dict[str, Array]:
    """Train an arm's networks.

    Args:
        name: one of ``ARMS``.
        networks: how many.
        epochs: passes over the data.
        seed: of the splits, the initial weights and the shuffling.
        advance: called as training goes on with the epochs of networks trained since.

    Returns:
        by name, one value per network:

        - ``loss``: of each epoch's batches, in nats, shape ``(networks, epochs)``;
        - ``accuracy``: on the validation part after training;
        - ``epochs_to_target``: until the loss is down to ``TARGET_LOSS``; infinite where it never
          is; see ``epochs_to``;
        - ``saturation_start``, ``slope_start``: see ``look``;
        - ``gradient_start``: norm of the first layer's gradient at the very first step, divided by
          the inputs' factor: what reaches the layer, without the inputs' size;
        - ``diverged``: whether the loss is NaN or infinite at the end.
    """
    arm = ARMS[name]
    course = train_classifiers(
        Classifier(64, (HIDDEN,), CLASSES, arm.activation),
        splits(arm.scaling, arm.exponent, seed),
        networks=networks,
        epochs=epochs,
        batch_size=BATCH_SIZE, seed=seed, look=look, look_after=(0,), score_every=epochs,
        group=GROUP, advance=advance,
    )  # fmt: skip
    return {
        "loss": course.loss,
        "accuracy": course.validation_accuracy[:, -1],
        "epochs_to_target": epochs_to(course.loss, TARGET_LOSS),
        "gradient_start": course.first_gradient_norms[:, 0] / 10.0**arm.exponent,
        "diverged": course.diverged,
        **{measure: values[:, 0] for measure, values in course.looks.items()},
    }


@lru_cache(maxsize=32)
def splits(scaling: str, exponent: int, seed: int) -> tuple[Split, ...]:
    """``SPLITS`` random splits of the digits, statistics learned from the training part alone."""
    from sklearn.model_selection import StratifiedShuffleSplit

    data = digits()
    splitter = StratifiedShuffleSplit(SPLITS, train_size=TRAINING_POINTS, random_state=seed)
    found = []
    for train, rest in splitter.split(data.x, data.y):
        x, x_rest = (
            part * np.float32(10.0**exponent)
            for part in scaled(scaling, data.x[train], data.x[rest])
        )
        found.append(Split(x, data.y[train], x_rest, data.y[rest]))
    return tuple(found)
