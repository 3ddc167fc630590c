"""Small batches joined into large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Small batches are joined until they have so many values.
VALUES_TOGETHER = 1 << 19


class Gatherer:
    """Joins small batches, with their weights, before they are passed on: fewer calls.

    Args:
        consume: takes a batch and its weights or ``None``.
        together: whether batches may be joined.
        lasting: whether batches stay as they are, as those in a list do; others are copied, since a
            generator may fill one array again and again.

    Example:
        >>> gatherer = Gatherer(lambda batch, weight: print(batch.shape))
        >>> for rows in (2, 3):
        ...     gatherer.add(np.zeros((rows, 4)), None)
        >>> gatherer.finish()
        (5, 4)
    """

    def __init__(
        self,
        consume: Callable[[Array, Array | None], None],
        together: bool = True,
        lasting: bool = False,
    ) -> None:
        self._consume = consume
        self._enough = VALUES_TOGETHER if together else 0
        self._lasting = lasting
        self._held: list[tuple[Array, Array | None]] = []
        self._kind: Any = None
        self._size = 0

    def add(self, batch: Array, weight: Array | None) -> None:
        """Take a batch; pass it on when there is enough, or when it fits no earlier one."""
        kind = (batch.dtype, batch.shape[1:], weight is None or weight.shape[1:])
        if kind != self._kind:
            self.finish()
            self._kind = kind
        if not self._lasting and batch.size < self._enough:  # others are passed on at once
            batch, weight = batch.copy(), None if weight is None else weight.copy()
        self._held.append((batch, weight))
        self._size += batch.size
        if self._size >= self._enough:
            self.finish()

    def finish(self) -> None:
        """Pass on what is held."""
        held, self._held, self._size = self._held, [], 0
        if len(held) == 1:
            self._consume(*held[0])
        elif held:
            weights = [weight for _, weight in held if weight is not None]
            joined = np.concatenate([batch for batch, _ in held])
            self._consume(joined, np.concatenate(weights) if weights else None)
