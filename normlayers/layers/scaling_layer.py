"""How a layer shifts and scales its inputs."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.batch_norm.arguments import check_flags
from normlayers.layers.centring import (
    at_least_float32,
    has_64_bits,
    split,
    subtract,
    uncut_integers,
)
from normlayers.layers.learned_weights import Reading, reading
from normlayers.layers.statistics_layer import StatisticsLayer
from normlayers.layers.weight_versions import version_of
from normlayers.statistics.conversion import holds_dates

Array = npt.NDArray[Any]
# High and low part of the location (the low one may be left out), and the divisor.
Parts = tuple[Any, Any, Any]

# A location whose rounding to the weights' type is less than this part of the scale is good enough:
# less than float32 rounds the outputs by.
NEGLIGIBLE = 1e-7
# The spacing of these types' numbers at 1. Integers and float64 come as they are.
SPACING = {"float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}


class ScalingLayer(StatisticsLayer):
    """A layer that computes ``(x - location) / divisor``, or inverts it.

    The divisor is the scale that belongs to the spread; 1 where the feature counts as constant. It
    is worked out of the weights wherever the layer is called, and depends on the type of the
    inputs: what is rounded by more than the spread must not be divided by the spread.

    Args:
        axis, given, **kwargs: as for ``StatisticsLayer``.
        invert: whether to invert.
    """

    center = True
    scale = True

    def __init__(
        self,
        axis: int | Sequence[int] | None,
        given: tuple[Array, Array] | None,
        invert: bool,
        **kwargs: Any,
    ) -> None:
        check_flags(invert=invert)
        kwargs.setdefault("autocast", False)  # wide inputs are centred before they are rounded
        if invert and kwargs.get("dtype") is None:  # half precision does not hold every unit
            kwargs["dtype"] = at_least_float32(keras.config.dtype_policy().variable_dtype)
        super().__init__(axis, given, **kwargs)
        self.invert = invert
        self.supports_masking = True
        self._warned = False
        self._known = _KnownParts()

    @classmethod
    @abstractmethod
    def is_constant(cls, values: Reading, spacing: float, integers: bool, library: Any) -> Any:
        """Which features count as constant, and are not divided.

        Args:
            values: location, scale and total weight, float tensors in the shape of the kept axes.
            spacing: of the inputs' type at 1; 0 where the inputs are not rounded.
            integers: whether the inputs are integers.
            library: whose operations to use: ``keras.ops`` or ``numpy``.
        """

    @abstractmethod
    def scaled(self, centred: Any, divisor: Any, clip: Any) -> Any:
        """The output in terms of the centred inputs."""

    @abstractmethod
    def unscaled(self, values: Any, divisor: Any, clip: Any) -> Any:
        """The inverse of ``scaled``."""

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of a shape; Keras calls this."""
        super().build(input_shape)
        if self._given is not None:
            location, spread = self._fitted
            high, low = split(location, self._weight_dtype)
            scale = self.scale_of(spread, np)
            divisor = np.where(scale < self._least_divisor, 1.0, scale)
            self._constants = high, self._where_it_matters(low, divisor), divisor

    def affine(self, received: str, shape: Sequence[int | None]) -> tuple[Array, Array, Array]:
        """What the layer computes of inputs, as ``scale * x + shift``; without clipping.

        Args:
            received: the inputs' type.
            shape: their shape.

        Returns:
            scale, shift, and ``scale`` times the location that is subtracted (0 where none is), in
            float64, in a shape of the inputs' rank that broadcasts with them.
        """
        high, low, divisor = self._parts(received, np)
        parts = (high, 0.0 if low is None else low, divisor)
        high, low, divisor = (np.asarray(part, np.float64) for part in parts)
        location = (high + low) * (1.0 if self.center else 0.0)

        def clip(values: Any, *limits: float) -> Any:
            return values

        if self.invert:
            shift = self.unscaled(np.float64(0), divisor, clip)
            scale = self.unscaled(np.float64(1), divisor, clip) - shift
            shift, location = shift + location, 0 * location
        else:
            zero = self.scaled(np.float64(0), divisor, clip)
            # At the divisor, where the difference has all its digits.
            scale = (self.scaled(divisor, divisor, clip) - zero) / divisor
            location = scale * location
            shift = zero - location
        fitting = self._fitting_shape(shape)
        fitting = (1,) * (len(shape) - len(fitting)) + fitting
        whole = (np.broadcast_to(part, divisor.shape) for part in (scale, shift, location))
        scale, shift, location = (np.array(part).reshape(fitting) for part in whole)
        return scale, shift, location

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute; on TensorFlow's tensors whatever the backend, as in a ``tf.data`` map.

        Raises:
            ValueError: inputs of other features, or integers that JAX would cut to 32 bits.
            TypeError: dates, times or durations, which backends read in any unit or not at all.
        """
        foreign = type(inputs).__module__.startswith("tensorflow")
        if foreign and keras.backend.backend() != "tensorflow":
            return self._call_tensorflow(inputs)
        if holds_dates(inputs):
            raise TypeError(
                f"layer {self.name!r} takes numbers. Received: {type(inputs).__name__} of dates "
                "or durations, which adapt() reads as seconds; pass seconds, of dates "
                '(dates - np.datetime64(0, "s")) / np.timedelta64(1, "s").'
            )
        if isinstance(inputs, np.ndarray) and not has_64_bits():
            inputs = uncut_integers(inputs, self.name)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Shift and scale; at least in float32."""
        return self._computed(ops.convert_to_tensor(inputs), ops)

    def _call_tensorflow(self, inputs: Any) -> Any:
        """The same by TensorFlow; constants for weights of another backend."""
        import tensorflow as tf

        if not self.built:
            self.build(inputs.shape)
        return self._computed(tf.convert_to_tensor(inputs), tf)

    def _computed(self, inputs: Any, library: Any) -> Any:
        self._warn_without_statistics()
        cast, dtype = library.cast, at_least_float32(self.compute_dtype)
        clip = ops.clip if library is ops else library.clip_by_value
        shape = self._fitting_shape(inputs.shape)
        high, low, divisor = (
            None if part is None else library.reshape(part, shape)
            for part in self._parts(keras.backend.standardize_dtype(inputs.dtype), library)
        )
        divisor = cast(divisor, dtype)
        if not self.invert:
            centred = subtract(inputs, high, low, dtype, library) if self.center else inputs
            values = self.scaled(cast(centred, dtype), divisor, clip)
        else:
            values = self.unscaled(cast(inputs, dtype), divisor, clip)
            if self.center:
                values = values + cast(high, dtype)
                values = values if low is None else values + cast(low, dtype)
        return cast(values, self.compute_dtype)

    def _parts(self, received: str, library: Any) -> Parts:
        """High and low part of the location, and the divisor for inputs of a type."""
        if self._given is not None:
            return self._constants
        if library is not ops:
            return self._learned_parts(received, self.weights_now(), np)
        version = version_of(self._own_weights())
        if version is None:
            weights = [ops.convert_to_tensor(weight) for weight in self._own_weights()]
            return self._learned_parts(received, weights, ops)
        # By a name of its own: another thread may adapt the layer, and put others in their place.
        known = self._known
        if known.version != version:
            known = self._known = _KnownParts(version)
        wanted = received, self.invert
        if wanted not in known.parts:
            high, low, divisor = self._learned_parts(received, self.weights_now(), np)
            known.parts[wanted] = _tensors(high, self._where_it_matters(low, divisor), divisor)
        return known.parts[wanted]

    def _learned_parts(self, received: str, weights: Sequence[Any], library: Any) -> Parts:
        location, spread, exact = weights
        values = reading(location, spread, exact, self.scale_of, library)
        # What the inverse receives is not rounded to where the statistics are.
        spacing = 0.0 if self.invert else SPACING.get(received, 0.0)
        integers = not self.invert and ("int" in received or received == "bool")
        constant = self.is_constant(values, spacing, integers, library)
        constant = library.logical_or(constant, values.scale < self._least_divisor)
        return values.high, values.low, library.where(constant, 1.0, values.scale)

    @property
    def _least_divisor(self) -> float:
        # TensorFlow and JAX take smaller numbers for 0: 0 / 0 would be NaN.
        return float(np.finfo(self._weight_dtype).tiny)

    def _where_it_matters(self, low: Array, divisor: Array) -> Array | None:
        """``None`` where it makes no difference: one operation less on all inputs."""
        # Without a division there is nothing that it could be small beside.
        negligible = NEGLIGIBLE * divisor if self.scale else 0.0
        return low if np.any(np.abs(low) > negligible) else None

    def _fitting_shape(self, shape: Any) -> tuple[int, ...]:
        """The shape in which statistics broadcast over inputs."""
        assert self._layout is not None
        unknown = getattr(shape, "rank", 0) is None  # TensorFlow's, while it traces
        try:
            return self._layout.fitting(None if unknown else tuple(shape), "inputs")
        except ValueError as error:
            raise ValueError(f"layer {self.name!r}: {error}") from error

    def _warn_without_statistics(self) -> None:
        if not self._has_statistics and not self._warned and not self._weights_set():
            warnings.warn(
                f"layer {self.name!r} has no statistics and passes its inputs through; "
                f"call {self.name}.adapt(data) first.",
                stacklevel=5,
            )
            self._warned = True

    def _weights_set(self) -> bool:
        """Whether the weights were set from outside, as ``model.set_weights`` does."""
        try:
            with _outside_graphs():
                self._has_statistics = self.count > 0
        except Exception:  # while a program is traced, each backend fails in its own way
            return False
        return self._has_statistics

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[Any, ...]:
        """The shape of the inputs."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "invert": self.invert}


class _KnownParts:
    """What follows of one version of the weights, by the inputs' type and direction."""

    def __init__(self, version: tuple[Any, ...] | None = None) -> None:
        self.version = version
        self.parts: dict[tuple[str, bool], Parts] = {}


def _tensors(*arrays: Array | None) -> Parts:
    if keras.backend.backend() == "jax":  # which takes arrays, and would trace constants
        high, low, divisor = arrays
        return high, low, divisor
    # Torch could not train later with what is made within its inference mode.
    with _outside_inference_mode():
        high, low, divisor = (
            None if array is None else ops.convert_to_tensor(array) for array in arrays
        )
    return high, low, divisor


def _outside_graphs() -> Any:
    """Where TensorFlow, which traces a graph, tells what weights hold."""
    if keras.backend.backend() != "tensorflow":
        return nullcontext()
    import tensorflow as tf

    return tf.init_scope()


def _outside_inference_mode() -> Any:
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    return torch.inference_mode(False)
