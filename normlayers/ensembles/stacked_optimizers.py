"""Keras's optimizers, as pure functions of arrays of any shape.

Keras's own keep their state in variables of one model; these keep it in what is passed on. Each
element is its own, so stacked networks are each trained as if they were alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Optimizer(Protocol):
    """How weights move along their gradients."""

    slots: int

    def __hash__(self) -> int: ...

    def update(
        self, weight: Any, gradient: Any, slots: tuple[Any, ...], step: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        """One step.

        Args:
            weight: where it is.
            gradient: of the loss.
            slots: what the optimizer remembers of the weight, ``slots`` arrays of its shape; all 0
                at first.
            step: steps before this one, a scalar.

        Returns:
            the weight and the slots after it.
        """
        ...


@dataclass(frozen=True)
class SGD:
    """Gradient descent: ``w - learning_rate * g``; defaults are those of ``keras.optimizers``."""

    learning_rate: float = 0.01
    slots = 0

    def update(
        self, weight: Any, gradient: Any, slots: tuple[Any, ...], step: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        """One step; see ``Optimizer``."""
        return weight - self.learning_rate * gradient, ()


@dataclass(frozen=True)
class RMSprop:
    """``v = rho v + (1 - rho) g²``, ``w - learning_rate g / sqrt(v + epsilon)`` (Hinton 2012).

    Defaults are those of ``keras.optimizers``.
    """

    learning_rate: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7
    slots = 1

    def update(
        self, weight: Any, gradient: Any, slots: tuple[Any, ...], step: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        """One step; see ``Optimizer``."""
        from keras import ops  # late, so that ``OPTIMIZERS`` is known without Keras

        velocity = self.rho * slots[0] + (1 - self.rho) * gradient * gradient
        moved = weight - self.learning_rate * gradient / ops.sqrt(velocity + self.epsilon)
        return moved, (velocity,)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015, the form before its section 2.1).

    Defaults are those of ``keras.optimizers``.
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    slots = 2

    def update(
        self, weight: Any, gradient: Any, slots: tuple[Any, ...], step: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        """One step; see ``Optimizer``."""
        from keras import ops

        mean = slots[0] + (gradient - slots[0]) * (1 - self.beta_1)
        square = slots[1] + (gradient * gradient - slots[1]) * (1 - self.beta_2)
        count = ops.cast(step + 1, "float32")
        rate = self.learning_rate * ops.sqrt(1 - self.beta_2**count) / (1 - self.beta_1**count)
        return weight - rate * mean / (ops.sqrt(square) + self.epsilon), (mean, square)


OPTIMIZERS: dict[str, type[SGD] | type[RMSprop] | type[Adam]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adam": Adam,
}
