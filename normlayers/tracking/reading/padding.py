"""Which positions of a tensor Keras's mask leaves: not the padding of sequences."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.src.backend.common.masking import get_keras_mask


def counted_positions(tensor: Any) -> Any:
    """The positions that are no padding, by the mask that layers left with a tensor.

    Args:
        tensor: shape ``(points, positions, ..., features)``.

    Returns:
        booleans, shape ``(points * positions * ...,)``, all true where none is counted; ``None``
        where the tensor has no mask of this shape.
    """
    mask = get_keras_mask(tensor)
    if mask is None or len(mask.shape) != len(tensor.shape) - 1:
        return None
    counted = ops.reshape(ops.cast(mask, "bool"), (-1,))
    return counted | ~ops.any(counted)


def mean_of_counted(values: Any, counted: Any, axis: int | None = None) -> Any:
    """The mean over the rows that count.

    Args:
        values: shape ``(rows, columns)``.
        counted: booleans, shape ``(rows,)``; ``None``: all count.
        axis: 0 for that of each column, shape ``(columns,)``; ``None`` for that of all.

    Returns:
        float32.
    """
    values = ops.cast(values, "float32")
    if counted is None:
        return ops.mean(values, axis)
    total = ops.sum(ops.where(counted[:, None], values, 0.0), axis)
    number = ops.sum(ops.cast(counted, "int32")) * (values.shape[1] if axis is None else 1)
    return total / ops.cast(number, "float32")
