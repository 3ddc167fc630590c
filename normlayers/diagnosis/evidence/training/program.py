"""One step of a model's training as a function of its values, compiled as the backend does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.training.compiled_loss import compiled_loss
from normlayers.diagnosis.evidence.training.optimizers import (
    Course,
    clips,
    course,
    has_rate,
    limits,
    may_be_one,
    optimizer_like,
    rates,
)
from normlayers.diagnosis.evidence.training.switched_off import (
    dropouts_of,
    penalized_layers,
    switched_off,
)
from normlayers.diagnosis.evidence.training.updates import Updates, Values
from normlayers.tracking.step_numbers import iterations

Array = npt.NDArray[Any]

# Steps that a training takes at least; what a schedule does later it may never come to.
TRAINED = 1024


@dataclass(frozen=True)
class State:
    """Values of trainable variables, of the others, and of the optimizer's."""

    trained: Values
    others: Values
    optimizer: Values


@dataclass(frozen=True)
class Step:
    """What a step did.

    Attributes:
        loss: over the batch before the step, regularizers included.
        gradients: lengths of the gradients, by trainable variable.
        state: after the step.
    """

    loss: float
    gradients: Array
    state: State


class TrainingProgram:
    """Runs steps of training from any values, and changes nothing.

    Args:
        model: a built model, with ``trainable_variables``.
        original: the user's, which is compiled.
        penalized: whether regularizers count, of weights and of activities.
        clipped: whether the optimizer's clipping does.
        dropping: whether dropouts do.

    Attributes:
        rate: the learning rate that the model is compiled with; of a schedule the highest of its
            first ``TRAINED`` steps.
        highest_rate: the same, of many more steps.
        warms_up: whether it is a schedule that begins lower than ``rate``.
        sizes: of each trainable variable, its number of values.
        limits: of each, the longest gradient that the optimizer's clipping lets through.
        clips: whether the model's optimizer clips gradients.
        has_penalty: whether one of the trainable weights has a regularizer, or a layer's outputs.
        drops: the highest rate of a dropout, 0 without any.

    Raises:
        CannotCheckError: the model is not compiled with a loss and an optimizer of one learning
            rate, or trains by steps of its own.
    """

    def __init__(
        self,
        model: keras.Model,
        original: keras.Model,
        penalized: bool = True,
        clipped: bool = True,
        dropping: bool = True,
    ) -> None:
        _refuse(model, original)
        self._model, self._penalized, self._dropping = model, penalized, dropping
        self._optimizer = original.optimizer
        self._trained = list(model.trainable_variables)
        trained = {id(variable) for variable in self._trained}
        self._others = [v for v in model.variables if id(v) not in trained]
        self.sizes = [int(np.prod(variable.shape)) for variable in self._trained]
        by_step = rates(original.optimizer)
        self.rate = max(rate for step, rate in by_step.items() if step <= TRAINED)
        self.highest_rate = max(by_step.values())
        self.warms_up = by_step[0] < self.rate
        optimizer = optimizer_like(original.optimizer, self.rate, clipped)
        self.limits = limits(optimizer, self.sizes)
        self.clips = clips(original.optimizer)
        self.has_penalty = bool(_regularized(model) or penalized_layers(model))
        self.drops = max((layer.rate for layer in dropouts_of(model)), default=0.0)
        # Of the given one, for programs with and without its clipping run from the same states.
        # JAX takes up to three times as long so where an embedding is large, and torch gains none.
        as_one = keras.backend.backend() == "tensorflow" and may_be_one(original.optimizer)
        self._updates = Updates(optimizer, self._trained, as_one)
        self._loss = compiled_loss(original)
        hook = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
        self._step = hook(self)

    @property
    def course(self) -> Course | None:
        """How long a schedule of the given optimizer trains, or has trained."""
        return course(self._optimizer, iterations(self._optimizer))

    def begin(self, values: list[Array]) -> State:
        """The state before the first step.

        Args:
            values: of each of the model's variables.
        """
        by_variable = {
            id(variable): value
            for variable, value in zip(self._model.variables, values, strict=True)
        }

        def tensor(variable: Any) -> Any:
            return ops.convert_to_tensor(by_variable[id(variable)], variable.dtype)

        trained = [tensor(variable) for variable in self._trained]
        others = [tensor(variable) for variable in self._others]
        return State(trained, others, self._updates.begin(trained))

    def at_rate(self, state: State, rate: float) -> State:
        """The same state with another learning rate."""
        return replace(state, optimizer=self._updates.at_rate(state.optimizer, rate))

    def at_zero(self, state: State) -> State:
        """The same state with 0 for weights that a regularizer holds, or that of their layer."""
        held = {id(v) for each in penalized_layers(self._model) for v in each.trainable_variables}
        held |= {id(v) for v in _regularized(self._model)}
        trained = [
            ops.zeros_like(value) if id(variable) in held else value
            for variable, value in zip(self._trained, state.trained, strict=True)
        ]
        return replace(state, trained=trained)

    def step(self, state: State, x: Any, y: Any) -> Step:
        """Take a step on a batch."""
        x, y = (keras.tree.map_structure(ops.convert_to_tensor, part) for part in (x, y))
        loss, gradients, trained, others, optimizer = self._step(
            state.trained, state.others, state.optimizer, x, y
        )
        return Step(
            float(ops.convert_to_numpy(loss)),
            np.asarray(ops.convert_to_numpy(gradients), float),
            State(list(trained), list(others), list(optimizer)),
        )

    def loss_of(self, trained: Values, others: Values, x: Any, y: Any) -> tuple[Any, Values]:
        """The loss as training has it, and the other variables after the call."""
        mapping = [
            *zip(self._trained, trained, strict=True),
            *zip(self._others, others, strict=True),
        ]
        dropouts = [] if self._dropping else dropouts_of(self._model)
        held = [] if self._penalized else penalized_layers(self._model)
        whole = switched_off(dropouts, "rate", 0)
        free = switched_off(held, "activity_regularizer", None)
        with whole, free, keras.StatelessScope(mapping, collect_losses=True) as scope:
            prediction = self._model(x, training=True)
            loss = ops.cast(self._loss(y, prediction), "float32")
            for extra in self._model.losses:
                loss = loss + ops.cast(ops.sum(extra), "float32")
            if not self._penalized:
                for variable in _regularized(self._model):
                    value = scope.get_current_value(variable)
                    loss = loss - ops.cast(variable.regularizer(value), "float32")
        return loss, [
            value if (now := scope.get_current_value(variable)) is None else now
            for variable, value in zip(self._others, others, strict=True)
        ]

    def apply(self, gradients: Values, state: State) -> tuple[Any, Values, Values]:
        """Norms of the gradients, and the values after a step."""
        norms = ops.sqrt(ops.stack([_sum_of_squares(gradient) for gradient in gradients]))
        return norms, *self._updates.apply(gradients, state.trained, state.optimizer)


def _regularized(model: keras.Model) -> list[Any]:
    """The trainable weights that have a regularizer."""
    return [v for v in model.trainable_variables if _regularizer(v) is not None]


def _regularizer(variable: Any) -> Any:
    return getattr(variable, "regularizer", None)


def _refuse(model: keras.Model, original: keras.Model) -> None:
    optimizer = getattr(original, "optimizer", None)
    for method in ("train_step", "compute_loss"):  # which may need no loss
        own = getattr(type(original), method)
        if optimizer is not None and own is not getattr(keras.Model, method):
            raise CannotCheckError(f"the model trains by a {method} of its own")
    if optimizer is None or not getattr(original, "loss", None):
        raise CannotCheckError("the model is not compiled with a loss and an optimizer")
    if not has_rate(optimizer):
        name = type(optimizer).__name__
        raise CannotCheckError(f"the model's optimizer, {name}, has no learning rate of its own")
    if not model.trainable_variables:
        raise CannotCheckError("the model has no trainable weights")


def _sum_of_squares(tensor: Any) -> Any:
    return ops.sum(ops.square(ops.cast(tensor, "float32")))


def _dense(gradient: Any, value: Any) -> Any:
    return ops.zeros_like(value) if gradient is None else ops.convert_to_tensor(gradient)


def _tensorflow(program: TrainingProgram) -> Callable[..., Any]:
    import tensorflow as tf

    @tf.function(autograph=False, reduce_retracing=True)
    def step(trained: Values, others: Values, optimizer: Values, x: Any, y: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trained)
            loss, after = program.loss_of(trained, others, x, y)
        gradients = tape.gradient(loss, trained, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        state = State(trained, others, optimizer)
        norms, trained, optimizer = program.apply(gradients, state)
        return loss, norms, trained, after, optimizer

    return step


def _jax(program: TrainingProgram) -> Callable[..., Any]:
    import jax

    @jax.jit
    def step(trained: Values, others: Values, optimizer: Values, x: Any, y: Any) -> Any:
        def loss_of(trained: Values) -> Any:
            return program.loss_of(trained, others, x, y)

        (loss, after), gradients = jax.value_and_grad(loss_of, has_aux=True)(trained)
        state = State(trained, others, optimizer)
        norms, trained, optimizer = program.apply(gradients, state)
        return loss, norms, trained, after, optimizer

    return step


def _torch(program: TrainingProgram) -> Callable[..., Any]:
    import torch

    def step(trained: Values, others: Values, optimizer: Values, x: Any, y: Any) -> Any:
        trained = [value.detach().clone().requires_grad_() for value in trained]
        with torch.enable_grad():
            loss, after = program.loss_of(trained, others, x, y)
            gradients = torch.autograd.grad(loss, trained, allow_unused=True)
        with torch.no_grad():
            gradients = [_dense(g, v) for g, v in zip(gradients, trained, strict=True)]
            # Copies, for torch's optimizers work in place.
            state = State(
                [value.detach().clone() for value in trained],
                [value.detach() for value in after],
                [value.detach().clone() for value in optimizer],
            )
            norms, trained, optimizer = program.apply(list(gradients), state)
        return loss.detach(), norms, trained, state.others, optimizer

    return step
