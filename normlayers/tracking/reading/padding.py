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
