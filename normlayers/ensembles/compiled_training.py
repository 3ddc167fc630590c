"""Epochs of training for stacked networks, as one compiled program."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
from keras import ops

from normlayers.ensembles.stacked_network import (
    MOVING,
    Architecture,
    Weights,
    forward,
    moved_on,
)
from normlayers.ensembles.stacked_optimizers import Optimizer

State = dict[str, Any]


def initial_state(weights: Weights, optimizer: Optimizer) -> State:
    """What training changes: the weights, what the optimizer remembers, the steps so far."""
    weights = [
        {name: ops.convert_to_tensor(array) for name, array in layer.items()} for layer in weights
    ]
    slots = [
        {
            name: tuple(ops.zeros_like(array) for _ in range(optimizer.slots))
            for name, array in layer.items()
            if name not in MOVING
        }
        for layer in weights
    ]
    return {"weights": weights, "slots": slots, "step": ops.convert_to_tensor(0, "int32")}


@lru_cache(maxsize=32)
def training_program(
    architecture: Architecture, optimizer: Optimizer, batch_size: int
) -> Callable[[State, Any, Any, Any, Any], State]:
    """A compiled function that trains for some epochs.

    Args:
        architecture: of the networks.
        optimizer: how they train.
        batch_size: points in a step; an epoch's last batch has what is left.

    Returns:
        a function of the state; the data's order in each epoch, whole numbers of shape
        ``(epochs, points, networks)``; how many of these epochs to train; ``x`` of shape
        ``(points, features)``; ``y`` of shape ``(points,)``. It returns the new state.
    """

    def step(state: State, x: Any, y: Any) -> State:
        gradients, statistics = _gradients(architecture, state["weights"], x, y)
        return stepped(state, gradients, [*statistics, {}], optimizer)

    def epoch(state: State, order: Any, x: Any, y: Any) -> State:
        points, networks = order.shape
        # Gathered once an epoch: a gather within a step would be done again wherever it is used.
        own_x = ops.stack([ops.take(x[:, i], order, axis=0) for i in range(x.shape[1])], axis=1)
        own_y = ops.take(y, order, axis=0)

        def batch(number: Any, state: State) -> State:
            first = number * batch_size
            return step(
                state,
                ops.slice(own_x, (first, 0, 0), (batch_size, x.shape[1], networks)),
                ops.slice(own_y, (first, 0), (batch_size, networks)),
            )

        whole = points // batch_size
        state = ops.fori_loop(0, whole, batch, state)
        rest = whole * batch_size
        return step(state, own_x[rest:], own_y[rest:]) if rest < points else state

    def train(state: State, orders: Any, epochs: Any, x: Any, y: Any) -> State:
        return ops.fori_loop(
            0, epochs, lambda e, state: epoch(state, ops.cast(orders[e], "int32"), x, y), state
        )

    return compiled(train)


def compiled(function: Callable[..., Any], often: bool = True) -> Callable[..., Any]:
    """The function compiled by XLA; on torch, which has none, as it is.

    Args:
        function: of tensors.
        often: whether it is called so often that XLA, which compiles for seconds, is worth its
            time; otherwise TensorFlow makes a graph of it only.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=often, autograph=False)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def stepped(
    state: State, gradients: Weights, statistics: list[dict[str, Any]], optimizer: Optimizer
) -> State:
    """The state one step on, its moving statistics one batch.

    Args:
        state: as of ``initial_state``.
        gradients: of the loss, a layer a dict of the arrays that are trained.
        statistics: a layer a dict, of the batch; empty where it does not normalize.
        optimizer: how the weights move.
    """
    weights, slots = [], []
    for layer, gradient, kept, found in zip(
        state["weights"], gradients, state["slots"], statistics, strict=True
    ):
        moved = {
            name: optimizer.update(layer[name], gradient[name], kept[name], state["step"])
            for name in gradient
        }
        weights.append(moved_on({**layer, **{n: w for n, (w, _) in moved.items()}}, found))
        slots.append({name: remembered for name, (_, remembered) in moved.items()})
    return {"weights": weights, "slots": slots, "step": state["step"] + 1}


def trained_part(weights: Weights) -> Weights:
    """The arrays that have gradients."""
    return [{n: a for n, a in layer.items() if n not in MOVING} for layer in weights]


def with_trained(weights: Weights, trained: Weights) -> Weights:
    """The weights with others in the place of ``trained_part``."""
    return [{**layer, **ours} for layer, ours in zip(weights, trained, strict=True)]


def _gradients(architecture: Architecture, weights: Weights, x: Any, y: Any) -> tuple[Any, Any]:
    """Gradients of each network's loss, and its batch statistics."""

    def loss(trained: Weights) -> tuple[Any, Any]:
        # A network's loss knows nothing of the others', so their sum has the gradients of each.
        passed = forward(architecture, with_trained(weights, trained), x, training=True)
        losses = ops.mean(cross_entropy(passed.logit, y), axis=0)
        return ops.sum(losses), passed.statistics

    return gradients_of(loss, trained_part(weights))


def gradients_of(loss: Callable[[Weights], tuple[Any, Any]], trained: Weights) -> tuple[Any, Any]:
    """Gradients of a loss by the backend's automatic differentiation.

    Args:
        loss: takes the weights; returns a scalar, and what else it found: arrays, nested.
        trained: the weights.

    Returns:
        the gradients, as ``trained``, and what else the loss found.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(trained)
            total, found_beside = loss(trained)
        return tape.gradient(total, trained), found_beside
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(loss, has_aux=True)(trained)
    return _torch_gradients(loss, trained)


def _torch_gradients(loss: Callable[[Weights], tuple[Any, Any]], trained: Weights) -> Any:
    import torch

    leaves = [{n: a.detach().requires_grad_() for n, a in layer.items()} for layer in trained]
    with torch.enable_grad():
        total, found_beside = loss(leaves)
        found = iter(torch.autograd.grad(total, [a for layer in leaves for a in layer.values()]))
    gradients = [{n: next(found) for n in layer} for layer in leaves]
    return gradients, keras.tree.map_structure(lambda a: a.detach(), found_beside)


def cross_entropy(logit: Any, y: Any) -> Any:
    """Binary cross-entropy of each point, in nats: ``log(1 + exp(logit)) - y logit``."""
    # With max and abs instead its gradient were wrong at 0, where networks of dead neurons start.
    return ops.softplus(logit) - logit * y
