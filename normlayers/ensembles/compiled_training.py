"""Epochs of training for stacked networks of either layout, as one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy.typing as npt
from keras import ops

from normlayers.ensembles.backend_programs import compiled, gradients_of
from normlayers.ensembles.dense_networks import (
    DenseNetworks,
    Weights,
    trained_part,
    with_trained,
)
from normlayers.ensembles.forward_pass import blocks, moved_on, training_forward
from normlayers.ensembles.stacked_optimizers import Optimizer
from normlayers.ensembles.step_findings import (
    Found,
    added,
    of_epoch,
    of_no_epoch,
    of_no_step,
    of_one_epoch,
    of_step,
    with_epoch,
)

Array = npt.NDArray[Any]
State = dict[str, Any]
RESCALING = ("gamma", "beta")
# Shuffled orders of some epochs, and how many of these epochs to train; ``None``: all.
Orders = tuple[Any, int | None]


def rounds(
    networks: DenseNetworks,
    start: Weights,
    optimizer: Optimizer,
    batch_size: int | None,
    data: tuple[Any, Any],
    orders: Iterable[Orders],
    recorded: bool = False,
    rescale: bool | Array = True,
) -> Iterator[tuple[int, Weights, Found]]:
    """Train networks some epochs at a time.

    Args:
        networks: what they are.
        start: their initial weights.
        optimizer: how they train.
        batch_size: points in a step; ``None``: all.
        data: as of ``DenseNetworks.tensors``.
        orders: of the epochs; see ``training_program``.
        recorded: whether each step's loss and gradients are, see ``step_findings``.
        rescale: whether gamma and beta are trained; in ``classifier_network``'s layout of each
            network, shape ``(networks, 1)``, or of all.

    Yields:
        once before training and after each of ``orders``: the epochs trained since, the weights in
        ``blocks``, and what was found, epochs on the first axis; before training nothing.
    """
    state = initial_state(blocks(networks, start), optimizer, rescale)
    program = training_program(networks, optimizer, batch_size, recorded)
    yield 0, state["weights"], {}
    for order, epochs in orders:
        # A tensor: of a Python number the program would be compiled for each value.
        count = None if epochs is None else ops.convert_to_tensor(epochs, "int32")
        state, found = program(state, ops.convert_to_tensor(order), count, *data)
        yield epochs or len(order), state["weights"], found


def initial_state(weights: Weights, optimizer: Optimizer, rescale: bool | Array = True) -> State:
    """What training changes: the weights, what the optimizer remembers, the steps so far.

    Whether gamma and beta are trained is part of it, so that one program is compiled for both.
    """
    weights = [
        {name: ops.convert_to_tensor(array) for name, array in layer.items()} for layer in weights
    ]
    slots = [
        {
            name: tuple(ops.zeros_like(array) for _ in range(optimizer.slots))
            for name, array in layer.items()
        }
        for layer in trained_part(weights)
    ]
    return {
        "weights": weights, "slots": slots, "step": ops.convert_to_tensor(0, "int32"),
        "rescale": ops.convert_to_tensor(rescale, "bool"),
    }  # fmt: skip


@lru_cache(maxsize=64)
def training_program(
    networks: DenseNetworks,
    optimizer: Optimizer,
    batch_size: int | None,
    recorded: bool = False,
) -> Callable[[State, Any, Any, Any, Any], tuple[State, Found]]:
    """A compiled function that trains for some epochs.

    Args:
        networks: what they are.
        optimizer: how they train.
        batch_size: points in a step; an epoch's last batch has what is left. ``None``: all points
            in one step, in their own order.
        recorded: whether each step's loss and gradients are, see ``step_findings``.

    Returns:
        a function of the state; the points' order in each epoch, an array an epoch as
        ``DenseNetworks.ordered`` takes it (unused where ``batch_size`` is ``None``); how many of
        these epochs to train, ``None`` for all; and the data, as of ``DenseNetworks.tensors``. It
        returns the new state, and what was found, epochs on the first axis; what has no epochs is
        of the very first step.
    """
    return compiled(_Training(networks, optimizer, batch_size, recorded).train)


@dataclass(frozen=True)
class _Training:
    """What ``training_program`` compiles: some epochs, each of steps, each on a batch."""

    networks: DenseNetworks
    optimizer: Optimizer
    batch_size: int | None
    recorded: bool

    def train(self, state: State, orders: Any, count: Any, x: Any, y: Any) -> tuple[State, Found]:
        epochs = orders.shape[0]
        if count is None and epochs == 1:
            # Without a loop about it a deep network is compiled in half the time.
            state, found = self.epoch(state, orders[0], x, y)
            return state, of_one_epoch(found)

        def next_epoch(number: Any, carried: tuple[State, Found]) -> tuple[State, Found]:
            state, now = self.epoch(carried[0], orders[number], x, y)
            return state, with_epoch(carried[1], now, number)

        start = of_no_epoch(self._nothing(state), epochs)
        return ops.fori_loop(0, epochs if count is None else count, next_epoch, (state, start))

    def epoch(self, state: State, order: Any, x: Any, y: Any) -> tuple[State, Found]:
        size = self.batch_size
        if size is None:
            return self.step(state, x, y)
        # Gathered once an epoch: a gather within a step would be done again wherever it is used.
        own = self.networks.ordered(x, y, ops.cast(order, "int32"))
        points = own[0].shape[self.networks.points_axis]

        def next_batch(number: Any, carried: tuple[State, Found]) -> tuple[State, Found]:
            batch = (_batch(self.networks, array, number * size, size) for array in own)
            state, now = self.step(carried[0], *batch)
            return state, added(carried[1], now, size, number == 0)

        whole, rest = divmod(points, size)
        state, found = ops.fori_loop(0, whole, next_batch, (state, self._nothing(state)))
        if rest:
            state, now = self.step(state, *(_last(self.networks, array, rest) for array in own))
            found = added(found, now, rest, False)
        return state, of_epoch(found, points, whole + bool(rest))

    def step(self, state: State, x: Any, y: Any) -> tuple[State, Found]:
        networks, weights = self.networks, state["weights"]

        def loss(trained: Weights) -> tuple[Any, Any]:
            logits, statistics = training_forward(networks, with_trained(weights, trained), x)
            losses = ops.mean(networks.losses(logits, y), axis=networks.points_axis)
            # A network's loss knows nothing of the others', so their sum has the gradients of each.
            return ops.sum(losses), (losses, statistics)

        gradients, (losses, statistics) = gradients_of(loss, trained_part(weights))
        gradients = [
            {n: ops.where(state["rescale"], g, 0.0) if n in RESCALING else g for n, g in of.items()}
            for of in gradients
        ]
        found = of_step(losses, gradients) if self.recorded else {}
        return stepped(state, gradients, [*statistics, {}], self.optimizer), found

    def _nothing(self, state: State) -> Found:
        return of_no_step(state["weights"]) if self.recorded else {}


def _batch(networks: DenseNetworks, array: Any, first: Any, points: int) -> Any:
    start: list[Any] = [0] * len(array.shape)
    shape = list(array.shape)
    start[networks.points_axis], shape[networks.points_axis] = first, points
    return ops.slice(array, tuple(start), tuple(shape))


def _last(networks: DenseNetworks, array: Any, points: int) -> Any:
    return array[-points:] if networks.points_axis == 0 else array[..., -points:]


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
    return {**state, "weights": weights, "slots": slots, "step": state["step"] + 1}
