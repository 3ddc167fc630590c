"""Some points and neurons of a layer, taken where it runs: only they leave the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops


def sampled_layer(
    active: Any,
    outputs: Any,
    points: int,
    rows: npt.NDArray[Any],
    columns: npt.NDArray[Any],
    counted: Any = None,
) -> dict[str, Any]:
    """Where some neurons of a layer are active on some points, and how strongly.

    Args:
        active: booleans, shape ``(points * positions, neurons)``.
        outputs: the layer's outputs, in the same shape.
        points: how many there are. A layer with positions (convolution, recurrence) is active on
            a point where it is at one position at least, and its output there is the largest.
        rows: indices of points.
        columns: indices of neurons.
        counted: which positions of points are no padding, shape ``(points * positions,)``; the
            others count only in points that have no other. ``None``: all.

    Returns:
        ``active`` and ``value``, each of shape ``(rows, columns)``.
    """
    if active.shape[0] == points:
        # In one step: rows, and then columns, take twice as long to compile.
        at = rows[:, np.newaxis] * active.shape[1] + columns
        on, value = (ops.take(ops.reshape(t, (-1,)), at) for t in (active, outputs))
    else:
        if counted is not None:
            by_point = ops.reshape(counted, (points, -1, 1))
            kept = ops.reshape(by_point | ~ops.any(by_point, axis=1, keepdims=True), (-1, 1))
            active = active & kept
            outputs = ops.where(kept, ops.cast(outputs, "float32"), -np.inf)
        shape = (points, -1, active.shape[1])
        by_point = [ops.take(ops.reshape(t, shape), rows, axis=0) for t in (active, outputs)]
        on, value = (ops.take(tensor, columns, axis=2) for tensor in by_point)
        on, value = ops.any(on, axis=1), ops.max(value, axis=1)
    return {"active": on, "value": ops.cast(value, "float32")}
