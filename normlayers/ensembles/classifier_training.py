"""Compiled programs for ``classifier_ensemble``: to train an epoch, to score, to look."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from keras import ops

from normlayers.ensembles.classifier_network import (
    Classifier,
    Passed,
    forward,
    layers,
    training_forward,
)
from normlayers.ensembles.compiled_training import (
    State,
    compiled,
    gradients_of,
    stepped,
    trained_part,
    with_trained,
)
from normlayers.ensembles.stacked_network import Weights
from normlayers.ensembles.stacked_optimizers import Optimizer

Found = dict[str, Any]


@lru_cache(maxsize=64)
def training_program(
    classifier: Classifier, optimizer: Optimizer, batch_size: int | None, epochs: int
) -> Callable[[State, Any, Any, Any], tuple[State, Found]]:
    """A compiled function that trains for some epochs.

    Returns:
        a function of the state; the points' order in each epoch, whole numbers of shape
        ``(epochs, networks, points)`` (unused where ``batch_size`` is ``None``); ``x`` of shape
        ``(features, points)``; ``y`` of shape ``(classes, points)``, 1 for a point's class, else 0.
        It returns the new state and, by the names of ``Course``, what was found, epochs on the
        first axis; what has no epochs is of the very first step.
    """

    def step(state: State, x: Any, y: Any) -> tuple[State, Found]:
        weights = state["weights"]

        def loss(trained: Weights) -> tuple[Any, Any]:
            logits, statistics = training_forward(classifier, with_trained(weights, trained), x)
            losses = ops.mean(cross_entropy(logits, y), axis=-1)
            # A network's loss knows nothing of the others', so their sum has the gradients of each.
            return ops.sum(losses), (losses, statistics)

        gradients, (losses, statistics) = gradients_of(loss, trained_part(weights))
        norms = ops.concatenate([_norms(block["kernel"]) for block in gradients], axis=1)
        found = {
            "loss": losses, "gradient_norms": norms, "first_gradient_norms": norms,
            "input_gradient_norms": _norms_of_inputs(gradients[0]["kernel"]),
        }  # fmt: skip
        return stepped(state, gradients, [*statistics, {}], optimizer), found

    def epoch(state: State, order: Any, x: Any, y: Any) -> tuple[State, Found]:
        features, points = x.shape
        if batch_size is None or batch_size >= points:
            return step(state, x, y)
        classes = y.shape[0]
        networks, steps = order.shape[0], -(-points // batch_size)
        # Gathered once an epoch, not again in every step.
        own_x, own_y = (ops.swapaxes(ops.take(a, order, axis=1), 0, 1) for a in (x, y))

        def next_batch(number: Any, carried: tuple[State, Found]) -> tuple[State, Found]:
            first = number * batch_size
            x = ops.slice(own_x, (0, 0, first), (networks, features, batch_size))
            y = ops.slice(own_y, (0, 0, first), (networks, classes, batch_size))
            state, now = step(carried[0], x, y)
            return state, _with(carried[1], now, batch_size, number == 0)

        whole = points // batch_size
        nothing = _nothing(state)
        state, found = ops.fori_loop(0, whole, next_batch, (state, nothing))
        rest = points - whole * batch_size
        if rest:
            state, now = step(state, own_x[..., points - rest :], own_y[..., points - rest :])
            found = _with(found, now, rest, False)
        return state, {
            **found,
            "loss": found["loss"] / points,
            "gradient_norms": found["gradient_norms"] / steps,
        }

    def train(state: State, orders: Any, x: Any, y: Any) -> tuple[State, Found]:
        def next_epoch(number: Any, carried: tuple[State, Found]) -> tuple[State, Found]:
            state, found = carried
            state, now = epoch(state, orders[number], x, y)
            kept = {
                name: ops.where(number == 0, now[name], found[name])
                if name in OF_FIRST_STEP
                else ops.slice_update(
                    found[name], (number, *([0] * len(now[name].shape))), now[name][None]
                )
                for name in found
            }
            return state, kept

        if epochs == 1:  # without a loop about it a deep network is compiled in half the time
            state, found = epoch(state, orders[0], x, y)
            return state, {
                name: found[name] if name in OF_FIRST_STEP else found[name][None] for name in found
            }
        nothing = {
            name: array if name in OF_FIRST_STEP else ops.zeros((epochs, *array.shape))
            for name, array in _nothing(state).items()
        }
        return ops.fori_loop(0, epochs, next_epoch, (state, nothing))

    return compiled(train)


def _norms(gradient: Any) -> Any:
    """Of kernels' gradients, a block's; shape ``(networks, layers)``."""
    norms = ops.sqrt(ops.sum(ops.square(gradient), axis=(-2, -1)))
    return ops.transpose(norms) if len(gradient.shape) == 4 else norms[:, None]


def _norms_of_inputs(gradient: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(gradient), axis=1))


# Found of the very first step alone.
OF_FIRST_STEP = ("first_gradient_norms", "input_gradient_norms")


def _nothing(state: State) -> Found:
    """What is found of no step."""
    networks, _, features = state["weights"][0]["kernel"].shape
    norms = ops.concatenate([_norms(ops.zeros_like(b["kernel"])) for b in state["weights"]], axis=1)
    return {
        "loss": ops.zeros((networks,)), "gradient_norms": norms, "first_gradient_norms": norms,
        "input_gradient_norms": ops.zeros((networks, features)),
    }  # fmt: skip


def _with(found: Found, now: Found, points: int, is_first: Any) -> Found:
    """Sums over an epoch's steps; a step's loss counts by its points, as Keras's mean does."""
    kept = {name: ops.where(is_first, now[name], found[name]) for name in OF_FIRST_STEP}
    return {
        **kept,
        "loss": found["loss"] + now["loss"] * points,
        "gradient_norms": found["gradient_norms"] + now["gradient_norms"],
    }


@lru_cache(maxsize=64)
def score_program(classifier: Classifier) -> Callable[[Weights, Any, Any], Found]:
    """A compiled function of weights and validation data: their loss and accuracy by name."""

    def score(weights: Weights, x: Any, y: Any) -> Found:
        logits = forward(classifier, layers(classifier, weights), x, training=False).logits
        right = ops.argmax(logits, axis=1) == ops.argmax(y, axis=0)
        return {
            "validation_loss": ops.mean(cross_entropy(logits, y), axis=-1),
            "validation_accuracy": ops.mean(ops.cast(right, "float32"), axis=-1),
        }

    return compiled(score, often=False)


@lru_cache(maxsize=64)
def look_program(
    classifier: Classifier, look: Callable[[Classifier, Weights, Passed, Any], Found]
) -> Callable[[Weights, Any], Found]:
    """A compiled function of weights and points that returns what ``look`` does."""

    def looked(weights: Weights, x: Any) -> Found:
        weights = layers(classifier, weights)
        return look(classifier, weights, forward(classifier, weights, x, training=True), x)

    return compiled(looked, often=False)


def cross_entropy(logits: Any, y: Any) -> Any:
    """Cross-entropy of each point, in nats.

    Args:
        logits: shape ``(networks, classes, points)``.
        y: 1 for a point's class, else 0; the same shape, or without networks.

    Returns:
        shape ``(networks, points)``.
    """
    return -ops.sum(ops.log_softmax(logits, axis=1) * y, axis=1)
