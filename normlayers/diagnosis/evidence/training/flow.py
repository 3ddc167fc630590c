"""How strongly the loss pulls at each variable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Flow:
    """The loss's gradients in a network, by trainable variable.

    Attributes:
        names: of each variable, its path in the model.
        matrices: which of them are matrices of weights.
        loss: mean over several batches.
        gradients: median over batches of each variable's gradient's length.
        after: the longest of a few that were measured after steps of training: behind a factor that
            begins with 0 or small, as of a residual branch or attention, gradients begin then.
        weights: each variable's length.
        limits: the longest gradient of each that the optimizer's clipping lets through.
    """

    names: list[str]
    matrices: Array
    loss: float
    gradients: Array
    after: Array
    weights: Array
    limits: Array = field(default_factory=lambda: np.array(np.inf))

    def at_best(self, later: Array) -> Flow:
        """The same with gradients that were measured later, 0 for those that are not finite."""
        known = np.nan_to_num(later, nan=0.0, posinf=0.0)
        return replace(self, after=np.maximum(self.after, known))

    @property
    def chosen(self) -> Array:
        """Which variables are matrices with weights other than 0."""
        return self.matrices & (self.weights > 0)

    @property
    def layers(self) -> list[str]:
        """Paths of the layers that the chosen matrices belong to."""
        names = [self.names[i] for i in np.flatnonzero(self.chosen)]
        return [name.rpartition("/")[0] or name for name in names]

    @property
    def relative(self) -> Array:
        """Of each chosen matrix, its gradient's length as a multiple of its own."""
        return self.gradients[self.chosen] / self.weights[self.chosen]

    @property
    def clipped(self) -> Array:
        """The same, as the optimizer takes them."""
        clipped = np.minimum(self.gradients, self.limits)
        return clipped[self.chosen] / self.weights[self.chosen]

    @property
    def largest_relative(self) -> Array:
        """The same, of the longest of the gradients now and after some steps."""
        return np.maximum(self.gradients, self.after)[self.chosen] / self.weights[self.chosen]

    @property
    def influence(self) -> Array:
        """Of each chosen matrix, by what part of itself the loss changes with its whole size.

        That is ``|gradient| |weights| / |loss|``, the loss's elasticity along the gradient. It does
        not depend on the units of the weights or of the loss.
        """
        loss = max(abs(self.loss), float(np.finfo(float).tiny))
        return self.largest_relative * self.weights[self.chosen] ** 2 / loss

    @property
    def finite(self) -> bool:
        """Whether the loss and all gradients are finite."""
        return bool(np.isfinite(self.loss) and np.isfinite(self.gradients).all())
