"""Scale and offset of what a model's first layer of weights takes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.tracking.reading.listening import Heard
from normlayers.tracking.reading.padding import counted_positions, mean_of_counted

Array = npt.NDArray[Any]
# Ends of the names of weights that are added to what there is, or multiplied with it one by one.
SHIFTS_AND_SCALES = ("bias", "beta", "gamma", "alpha")


def kernel_input(heard: Sequence[Heard]) -> tuple[Any, bool] | None:
    """What the first layer with a kernel takes, and whether its features are on axis 1.

    That is behind layers that normalize the inputs.

    Returns:
        ``None`` where no layer has a kernel, or the first one with weights takes whole numbers, as
        an embedding does.
    """
    for note in heard:
        if not note.takes or not has_matrix(note.layer):
            continue
        x = note.takes[0]
        whole = "float" not in keras.backend.standardize_dtype(x.dtype)
        if whole or len(x.shape) < 2 or x.shape[-1] is None:
            return None
        first = getattr(note.layer, "data_format", None) == "channels_first"
        return x, first and len(x.shape) > 2
    return None


def input_summary(x: Any, channels_first: bool) -> dict[str, Any]:
    """Mean and standard deviation of each feature of a tensor, whose other axes are points.

    Padding that Keras's mask tells of does not count.

    Args:
        x: shape ``(points, ..., features)``.
        channels_first: whether it is ``(points, features, ...)`` instead.

    Returns:
        tensors ``mean`` and ``deviation``, shape ``(features,)``.
    """
    counted = None if channels_first else counted_positions(x)
    x = ops.moveaxis(x, 1, -1) if channels_first else x
    x = ops.cast(ops.reshape(x, (-1, x.shape[-1])), "float32")
    mean = mean_of_counted(x, counted, 0)
    return {"mean": mean, "deviation": ops.sqrt(mean_of_counted(ops.square(x - mean), counted, 0))}


def input_measures(mean: Array, deviation: Array) -> dict[str, float]:
    """How far inputs are from mean 0 and standard deviation 1.

    Features that do not vary, but for rounding, are left aside.

    Args:
        mean: of each feature, shape ``(features,)``.
        deviation: standard deviation, in the same shape.

    Returns:
        ``input_offset_worst`` and ``_mean``, of each feature's ``|mean| / deviation``: 0 for
        centred inputs; ``input_scale_worst``, the deviation furthest from 1 by its ratio, and
        ``input_scale_mean``, the deviations' geometric mean. NaN where no feature varies.

    Example:
        >>> input_measures(np.array([0.0, 20.0]), np.array([1.0, 10.0]))["input_offset_worst"]
        2.0
    """
    mean, deviation = np.asarray(mean, float), np.asarray(deviation, float)
    varies = ~(deviation <= 64 * np.finfo("float32").eps * np.abs(mean)) & ~(deviation == 0)
    if not varies.any() or not np.isfinite(mean + deviation).all():
        names = ("input_offset_worst", "input_offset_mean", "input_scale_worst", "input_scale_mean")
        return dict.fromkeys(names, float("nan"))
    offset = np.abs(mean[varies]) / deviation[varies]
    log = np.log(deviation[varies])
    return {
        "input_offset_worst": float(offset.max()),
        "input_offset_mean": float(offset.mean()),
        "input_scale_worst": float(deviation[varies][np.argmax(np.abs(log))]),
        "input_scale_mean": float(np.exp(log.mean())),
    }


def has_matrix(layer: Any) -> bool:
    """Whether a layer multiplies by weights, and not only scales and shifts."""
    kernel = any("kernel" in weight.name for weight in layer.weights)
    return kernel or any(map(is_matrix, layer.trainable_weights))


def is_matrix(weight: Any) -> bool:
    """Whether a variable is a matrix of weights, or several.

    The biases of an attention's heads and of a GRU's gates have two axes too; that of the keys has
    no gradient at all, for softmax takes it away.
    """
    return len(weight.shape) > 1 and not weight.name.endswith(SHIFTS_AND_SCALES)
