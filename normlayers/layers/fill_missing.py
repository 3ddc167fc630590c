"""Missing values filled in."""

from __future__ import annotations

import math
import numbers
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="normlayers")
class FillMissing(keras.layers.Layer):
    """Puts a number in the place of every NaN and infinite value: ``where(isfinite(x), x, value)``.

    Behind a ``Standardize`` the default, 0, is each feature's mean. ``repair`` puts it there.

    Args:
        value: the number, finite.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Shapes:
        inputs ``(batch, ...)``; outputs the same.

    Raises:
        ValueError: ``value`` is no finite number.

    Example:
        >>> import numpy as np
        >>> np.asarray(FillMissing()(np.array([[np.nan, 2.0, np.inf]], "float32"))).tolist()
        [[0.0, 2.0, 0.0]]
    """

    def __init__(self, value: float = 0.0, **kwargs: Any) -> None:
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            raise ValueError(f"value must be a finite number. Received: value={value!r}")
        super().__init__(**kwargs)
        self.value = float(value)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs, filled."""
        inputs = ops.convert_to_tensor(inputs)
        return ops.where(ops.isfinite(inputs), inputs, ops.cast(self.value, inputs.dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs'."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "value": self.value}
