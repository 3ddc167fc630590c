"""Trains the networks that article A0's claims are measured on, and measures each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_ensemble import Course, epochs_to, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.dense_networks import Weights
from normlayers.ensembles.forward_pass import Passed
from normlayers.ensembles.saturation import saturation
from normlayers.experiments.input_normalization.arms import ARMS, NEURONS, SATURATING, Arm
from normlayers.experiments.input_normalization.data import points, splits

Array = npt.NDArray[Any]

# Networks in a program; of more, the processor's caches do not hold what they do on 800 points.
GROUP = 10
# Epochs that are trained at once, and from one validation to the next, where they divide. Only the
# last validation is used; to train a few epochs costs Python as long as they take.
SCORE_EVERY = 100


def hidden_neurons(
    classifier: Classifier, weights: Weights, passed: Passed, x: Any
) -> dict[str, Any]:
    """What the first hidden layer's neurons do on the training points.

    Returns:
        ``active``: share of the points that activates each, shape ``(networks, neurons)``;
        ``saturated``, of sigmoid and tanh: see ``saturation``, shape ``(networks,)``.
    """
    active = ops.mean(ops.cast(passed.pre_activations[0] > 0, "float32"), axis=-1)
    if classifier.activation not in SATURATING:
        return {"active": active}
    return {"active": active, "saturated": saturation(classifier, passed.outputs[0])}


def train_arm(
    arm: str, networks: int, epochs: int, seed: int, advance: Callable[[int], None]
) -> dict[str, Array]:
    """Train an arm's networks as the article does, and measure them; see ``measured``."""
    kind = ARMS[arm]
    course = train_classifiers(
        kind.classifier,
        splits(kind.data, kind.standardized),
        networks,
        epochs,
        seed=seed,
        look=hidden_neurons,
        look_after=(0, epochs),
        score_every=SCORE_EVERY if epochs % SCORE_EVERY == 0 else epochs,
        group=GROUP,
        advance=advance,
    )
    return measured(course, kind)


def untrained(data: str, networks: int, seed: int) -> dict[str, Array]:
    """The share of selective ReLU neurons, ``selective_start``, of networks before training."""
    x, _ = points(data)
    classifier = Classifier(x.shape[1], (NEURONS,), 2)
    weights = classifier.initial_weights(networks, np.random.default_rng(seed))
    active = (weights[0]["kernel"] @ x.T > 0).mean(axis=-1)
    return {"selective_start": ((active > 0) & (active < 1)).mean(axis=1)}


def measured(course: Course, arm: Arm) -> dict[str, Array]:
    """Measures of networks, by name; of shape ``(networks,)`` unless stated.

    - ``loss``: of each epoch, in nats, shape ``(networks, epochs)``;
    - ``diverged``: whether the loss is NaN or infinite at the end;
    - ``epochs_to_target``: until the loss is down to half of a guess's, ln(classes)/2; infinite
      where it never is; see ``epochs_to``;
    - ``unsteadiness``: the share of the loss's way, from epoch to epoch, that leads upward: 0 of a
      loss that only falls, 1/2 of one that gets nowhere; NaN of one that does not move;
    - ``validation_accuracy``: at the end;
    - ``hidden_gradient``, ``output_gradient``: norm of the loss's gradient with respect to the
      layer's kernel at the very first step; ``..._largest`` over all epochs;
    - ``feature_gradients``: the same of each feature's part of the hidden layer's kernel, shape
      ``(networks, features)``;
    - ``dead_start``, ``always_on_start``, ``selective_start`` and ``_end``: share of the hidden
      neurons in that state on the training points;
    - ``revived``: of the neurons that are dead at the start, the share that are not at the end;
      NaN where none is;
    - ``saturated_start``, ``saturated_end`` (sigmoid, tanh): see ``hidden_neurons``.
    """
    loss = course.loss.astype(float)
    norms = course.gradient_norms
    active = course.looks["active"]
    dead = active == 0
    found = {
        "loss": course.loss,
        "diverged": course.diverged,
        "epochs_to_target": epochs_to(loss, np.log(arm.classifier.classes) / 2),
        "unsteadiness": unsteadiness(loss),
        "validation_accuracy": np.where(course.diverged, np.nan, course.validation_accuracy[:, -1]),
        "feature_gradients": course.input_gradient_norms,
        "revived": _share(dead[:, 0] & ~dead[:, 1], dead[:, 0]),
    }
    for layer, name in enumerate(("hidden", "output")):
        found[f"{name}_gradient"] = course.first_gradient_norms[:, layer]
        found[f"{name}_gradient_largest"] = norms[..., layer].max(axis=1)
    for time, when in enumerate(("start", "end")):
        found[f"dead_{when}"] = dead[:, time].mean(axis=1)
        found[f"always_on_{when}"] = (active[:, time] == 1).mean(axis=1)
        selective = 1 - found[f"dead_{when}"] - found[f"always_on_{when}"]
        found[f"selective_{when}"] = selective
        if "saturated" in course.looks:
            found[f"saturated_{when}"] = course.looks["saturated"][:, time]
    return found


def unsteadiness(loss: Array) -> Array:
    """The share of a loss's way, from epoch to epoch, that leads upward.

    Args:
        loss: shape ``(networks, epochs)``.

    Returns:
        shape ``(networks,)``; NaN of a loss that does not change or is not finite.

    Example:
        >>> unsteadiness(np.array([[3.0, 2.0, 1.0], [3.0, 4.0, 1.0]])).tolist()
        [0.0, 0.25]
    """
    steps = np.diff(loss, axis=1)
    return _share(np.maximum(steps, 0), abs(steps))


def _share(part: Array, whole: Array) -> Array:
    total = whole.sum(axis=1)
    known = np.isfinite(total) & (total > 0)
    return np.divide(part.sum(axis=1), total, out=np.full(len(whole), np.nan), where=known)
