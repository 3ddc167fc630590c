"""The measures of a layer, computed where its activations are: only they leave the device."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from normlayers.tracking.measures import DERIVATIVES, gradient_measures, is_saturated
from normlayers.tracking.reading.padding import mean_of_counted

BINS = 30  # as many as TensorBoard shows
EXACT_COUNT = 2**24  # up to which float32 counts


def layer_summary(
    active: Any, outputs: Any, activated: Any, activation: str, counted: Any = None
) -> dict[str, Any]:
    """What ``measures`` measures, in tensors.

    Args:
        active: booleans, shape ``(points, neurons)``.
        outputs: the layer's outputs, in the same shape.
        activated: what came out of its activation; the outputs, where nothing comes after it.
        activation: the activation's Keras name.
        counted: which points are no padding, shape ``(points,)``; ``None``: all.

    Returns:
        ``on`` (neurons,), of how many of the ``points`` each is active, ``overlap``, ``finite``,
        and of the outputs' histogram ``low``, ``high`` and ``counts`` (30,); of ``saturation`` and
        ``zero_gradient``, means over the neurons, what ``gradient_measures`` has of the activation.
    """
    neurons, points = active.shape[1], ops.shape(active)[0]
    outputs = ops.cast(outputs, "float32")
    low = high = outputs
    if counted is not None:
        points, column = ops.sum(ops.cast(counted, "int32")), counted[:, None]
        active = active & column
        low, high = (ops.where(column, outputs, infinite) for infinite in (np.inf, -np.inf))
    on = ops.cast(active, "float32")
    low, high = ops.min(low), ops.max(high)
    found = {"on": _column_counts(active, on), "points": points, "low": low, "high": high}
    found["finite"] = ops.isfinite(low) & ops.isfinite(high)
    found["counts"] = _counts(outputs, low, high, counted)
    if neurons > 1:
        k = ops.sum(on, 1, keepdims=True)
        found["overlap"] = ops.mean(
            mean_of_counted(k * (k - 1) / (neurons * (neurons - 1)), counted)
        )
    told = gradient_measures(activation)
    if activation == "relu":  # whose derivative is 1 where it is active: told without a look
        share = ops.cast(found["on"], "float32") / ops.cast(found["points"], "float32")
        found["zero_gradient"] = 1 - ops.mean(share)
    elif told:
        slope = DERIVATIVES[activation](ops.cast(activated, "float32"))
        slope = ops.cast(slope, "float32")
        found["zero_gradient"] = mean_of_counted(slope == 0, counted)
        if "saturation" in told:
            found["saturation"] = mean_of_counted(is_saturated(slope), counted)
    return found


def _column_counts(active: Any, on: Any) -> Any:
    """How many of each column are true, as whole numbers."""
    rows = active.shape[0]
    if rows is None or rows > EXACT_COUNT:
        return ops.sum(ops.cast(active, "int32"), 0)
    # The quickest sum over rows: a product with ones.
    return ops.cast(ops.matmul(ops.ones((1, rows)), on)[0], "int32")


def _counts(values: Any, low: Any, high: Any, counted: Any) -> Any:
    per_unit = ops.where(high > low, BINS / (high - low), 0.0)
    # What is not finite has no bin, and may become any whole number; neither may it stop this.
    bins = ops.clip(ops.cast((values - low) * per_unit, "int32"), 0, BINS - 1)
    number = BINS
    if counted is not None:  # padding goes into a bin of its own, and away
        bins, number = ops.where(counted[:, None], bins, BINS), BINS + 1
    bins = ops.reshape(bins, (-1,))
    if keras.backend.backend() == "jax":  # whose bincount cannot be compiled
        return ops.segment_sum(ops.ones_like(bins), bins, num_segments=number)[:BINS]
    return ops.bincount(bins, minlength=number)[:BINS]
