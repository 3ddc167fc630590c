"""Where the statistics of a layer stand among the axes of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = Sequence[int | None]


class KeptLayout:
    """The axes that have statistics of their own, and their lengths.

    The lengths are what a layer has learned; the rank of its inputs may change from call to call,
    as long as the axes keep their lengths and their order.

    Args:
        axis: the axes, as the layer's argument ``axis``.
        shape: a shape of inputs.

    Attributes:
        kept_shape: the lengths, in the order of the axes in the inputs.
        broadcast_shape: the same with a 1 for every other axis, as Keras has it.
        built_for: the shape.

    Raises:
        ValueError: an axis is out of range or without a length, or two are the same.

    Example:
        >>> layout = KeptLayout((-1,), (None, 32, 32, 3))
        >>> layout.kept_shape, layout.broadcast_shape
        ((3,), (1, 1, 1, 3))
    """

    def __init__(self, axis: Sequence[int], shape: Shape) -> None:
        self._axis = tuple(axis)
        shape = tuple(shape)
        self._rank = len(shape)
        self._order, kept = self._sorted(self._rank, shape)
        for position in kept:
            if shape[position] is None:
                raise ValueError(
                    f"axis {position} needs a known length to have statistics. "
                    f"Received: inputs of shape {shape}; state it in keras.Input."
                )
        self.kept_shape: tuple[Any, ...] = tuple(shape[position] for position in kept)
        self.broadcast_shape: tuple[Any, ...] = self._broadcast(self._rank)
        self.built_for = shape

    def fitting(self, shape: Shape | None, what: str) -> tuple[int, ...]:
        """The shape in which statistics broadcast over inputs of a shape.

        It has no leading ones: where the rank of the inputs is unknown, it raises none of them.

        Args:
            shape: the inputs'; ``None`` for the whole or for a length: not known.
            what: what has this shape, for the message.

        Raises:
            ValueError: the inputs lack an axis, or have other lengths there.
        """
        if shape is None:
            rank = self._rank
        else:
            rank = len(shape)
            order, kept = self._sorted(rank, shape)
            lengths = tuple(shape[position] for position in kept)
            known = zip(lengths, self.kept_shape, strict=True)
            if order != self._order or any(n not in (None, length) for n, length in known):
                raise ValueError(
                    f"built for inputs of shape {self.built_for}, with {self.kept_shape} on the "
                    f"kept axes {self._axis}. Received: {what} of shape {tuple(shape)}."
                )
        kept = self._sorted(rank, (None,) * rank)[1]
        return self._broadcast(rank)[min(kept, default=rank) :]

    def keeps_rows(self) -> bool:
        """Whether the first axis of the inputs, their rows, is one of those kept."""
        return any(axis in (0, -self._rank) for axis in self._axis)

    def fit(self, given: Array, name: str) -> Array:
        """Given statistics in the kept shape.

        Raises:
            ValueError: they neither fit the kept axes, from the last one on, nor the inputs.
        """
        for target in (self.kept_shape, self.broadcast_shape):
            try:
                return np.broadcast_to(given, target).reshape(self.kept_shape)
            except ValueError:
                continue
        raise ValueError(
            f"{name} must be a number or fit the kept axes, {self.kept_shape}, or the inputs, "
            f"{self.broadcast_shape}. Received: {name} of shape {given.shape}."
        )

    def _sorted(self, rank: int, shape: Shape) -> tuple[list[int], list[int]]:
        """The axes' order in the inputs, and their positions."""
        for axis in self._axis:
            if not -rank <= axis < rank:
                raise ValueError(
                    f"axis {axis} is out of range. Received: inputs of shape {tuple(shape)}."
                )
        positions = [axis % rank for axis in self._axis]
        if len(set(positions)) < len(positions):
            raise ValueError(
                f"axis {self._axis} names an axis twice. Received: inputs of shape {tuple(shape)}."
            )
        order = sorted(range(len(positions)), key=positions.__getitem__)
        return order, [positions[entry] for entry in order]

    def _broadcast(self, rank: int) -> tuple[Any, ...]:
        shape = [1] * rank
        for position, length in zip(
            self._sorted(rank, (None,) * rank)[1], self.kept_shape, strict=True
        ):
            shape[position] = length
        return tuple(shape)
