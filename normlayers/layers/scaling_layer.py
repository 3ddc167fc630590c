"""The Keras side of the layers that shift and scale their inputs."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.centring import at_least_float32, split, subtract
from normlayers.statistics.blocks import kept_axes

Array = npt.NDArray[Any]

# A location whose rounding to the weights' type is less than this part of the scale is good enough.
NEGLIGIBLE = 1e-6
# The count is kept in two 32-bit weights, since JAX has no 64-bit ones.
COUNT_BASE = 2**31


class ScalingLayer(keras.layers.Layer):
    """A layer that computes ``(x - location) / divisor``, or inverts it.

    Location and spread, of which the divisor follows, are weights, or constants that were given. A
    subclass says what they are called and what becomes of them.

    Args:
        axis: the axes that have statistics of their own.
        given: location and spread in float64, or ``None`` for weights.
        invert: whether to invert.
        **kwargs: those of every Keras layer.
    """

    location_name: ClassVar[str]
    spread_name: ClassVar[str]
    center = True

    def __init__(
        self,
        axis: int | Sequence[int] | None,
        given: tuple[Array, Array] | None,
        invert: bool,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("autocast", False)  # wide inputs are centred before they are rounded
        super().__init__(**kwargs)
        self.axis = kept_axes(axis)
        self.invert = invert
        self.supports_masking = True
        # Weights, or arrays where they were given.
        self._location: Any = None
        self._residual: Any = None
        self._spread: Any = None
        self._divisor: Any = None
        self._given = given
        self._has_statistics = given is not None
        self._needs_residual = True
        self._warned = False

    @abstractmethod
    def divisor(self, spread: Array) -> Array:
        """The divisor in terms of the spread."""

    @abstractmethod
    def scaled(self, centred: Any, divisor: Any, clip: Any) -> Any:
        """The output in terms of the centred inputs."""

    @abstractmethod
    def unscaled(self, values: Any, divisor: Any, clip: Any) -> Any:
        """The inverse of ``scaled``."""

    # Statistics

    @property
    def count(self) -> int:
        """The number of rows the statistics were learned from; 0 where they were given."""
        if self._given is not None or not self.built:
            return 0
        high, low = _to_numpy(self._count).tolist()
        return int(high * COUNT_BASE + low)

    def statistics(self) -> tuple[Array, Array]:
        """Location and spread in float64, in the shape of the kept axes or as they were given.

        Raises:
            RuntimeError: there are none yet.
        """
        if self._given is not None:
            return self._given
        if not self.built:
            raise RuntimeError(
                f"layer {self.name!r} has no statistics yet; call {self.name}.adapt(data) first."
            )
        return self._kept_statistics()

    def set_statistics(self, location: Array, spread: Array, rows: int) -> None:
        """Compute with these from now on; the layer is built."""
        high, low = split(location, self._weight_dtype)
        self._location.assign(high)
        self._spread.assign(spread)
        self._count.assign(divmod(rows, COUNT_BASE))
        self._residual.assign(low)
        self._divisor.assign(self.divisor(np.asarray(spread, np.float64)))
        self._has_statistics = True
        self._note_residual()

    def _kept_statistics(self) -> tuple[Array, Array]:
        high, low, spread = (
            _to_numpy(weight).astype(np.float64)
            for weight in (self._location, self._residual, self._spread)
        )
        return high + low, spread

    def _note_residual(self) -> None:
        """Leave the residual out where it makes no difference: an operation less on all inputs."""
        low, divisor = np.abs(_to_numpy(self._residual)), _to_numpy(self._divisor)
        self._needs_residual = bool(np.any(low > NEGLIGIBLE * divisor))

    # The Keras layer

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of a shape; Keras calls this."""
        shape = tuple(input_shape)
        rank = len(shape)
        for axis in self.axis:
            if not -rank <= axis < rank:
                raise ValueError(f"axis {axis} is out of range. Received: inputs of shape {shape}.")
            if shape[axis] is None:
                raise ValueError(
                    f"axis {axis} needs a known length to have statistics. "
                    f"Received: inputs of shape {shape}; state it in keras.Input."
                )
        keep = sorted(axis % rank for axis in self.axis)
        kept_shape = tuple(shape[axis] for axis in keep)
        self._broadcast_shape: Any = tuple(shape[a] if a in keep else 1 for a in range(rank))
        if self._given is None:
            self._add_weights(kept_shape)
        else:
            location = _fit(self._given[0], self.location_name, kept_shape)
            self._spread = _fit(self._given[1], self.spread_name, kept_shape)
            self._location, self._residual = split(location, self._weight_dtype)
            self._divisor = self.divisor(self._spread)
            self._note_residual()
        self._built_shape = shape
        axes = {axis: shape[axis] for axis in keep}
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes=axes)
        self.built = True

    def _add_weights(self, kept_shape: tuple[Any, ...]) -> None:
        def add(name: str, initializer: str, **options: Any) -> Any:
            return self.add_weight(
                name=name,
                initializer=initializer,
                dtype=options.pop("dtype", self._weight_dtype),
                trainable=False,
                autocast=False,
                **options,
            )

        self._location = add(self.location_name, "zeros", shape=kept_shape)
        self._spread = add(self.spread_name, "ones", shape=kept_shape)
        self._count = add("count", "zeros", shape=(2,), dtype="int32")
        self._residual = add(f"{self.location_name}_residual", "zeros", shape=kept_shape)
        self._divisor = add("divisor", "ones", shape=kept_shape)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute; on TensorFlow's tensors whatever the backend, as in a ``tf.data`` map."""
        foreign = type(inputs).__module__.startswith("tensorflow")
        if foreign and keras.backend.backend() != "tensorflow":
            return self._call_tensorflow(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Shift and scale; at least in float32."""
        self._warn_without_statistics()
        dtype = at_least_float32(self.compute_dtype)
        inputs = ops.convert_to_tensor(inputs)
        high = self._shaped(self._location)
        low = self._shaped(self._residual) if self._needs_residual else None
        divisor = ops.cast(self._shaped(self._divisor), dtype)
        if not self.invert:
            values = subtract(inputs, high, low, dtype) if self.center else ops.cast(inputs, dtype)
            return ops.cast(self.scaled(values, divisor, ops.clip), self.compute_dtype)
        values = self.unscaled(ops.cast(inputs, dtype), divisor, ops.clip)
        if self.center:
            values = values + ops.cast(high, dtype)
            values = values if low is None else values + ops.cast(low, dtype)
        return ops.cast(values, self.compute_dtype)

    def _call_tensorflow(self, inputs: Any) -> Any:
        """The same by TensorFlow, in float64; constants for weights of another backend."""
        import tensorflow as tf

        if not self.built:
            self.build(inputs.shape)
        self._warn_without_statistics()
        location, spread = (a.reshape(self._broadcast_shape) for a in self._kept_statistics())
        divisor = self.divisor(spread)
        values = tf.cast(inputs, tf.float64)
        if not self.invert:
            values = values - location if self.center else values
            return tf.cast(self.scaled(values, divisor, tf.clip_by_value), self.compute_dtype)
        values = self.unscaled(values, divisor, tf.clip_by_value)
        return tf.cast(values + location if self.center else values, self.compute_dtype)

    @property
    def _weight_dtype(self) -> str:
        return at_least_float32(self.variable_dtype)

    def _shaped(self, weight: Any) -> Any:
        return ops.reshape(weight, self._broadcast_shape)

    def _warn_without_statistics(self) -> None:
        if not self._has_statistics and not self._warned and not self._weights_set():
            warnings.warn(
                f"layer {self.name!r} has no statistics and passes its inputs through; "
                f"call {self.name}.adapt(data) first.",
                stacklevel=4,
            )
            self._warned = True

    def _weights_set(self) -> bool:
        """Whether the weights were set from outside, as ``model.set_weights`` does."""
        try:
            self._has_statistics = self.count > 0
        except Exception:  # while a graph is traced, each backend fails in its own way
            return False
        return self._has_statistics

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[Any, ...]:
        """The shape of the inputs."""
        return tuple(input_shape)

    def load_own_variables(self, store: Any) -> None:
        """Take saved statistics; Keras calls this."""
        super().load_own_variables(store)
        self._has_statistics = self._given is not None or self.count > 0
        self._note_residual()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        location, spread = self._given or (None, None)
        return {
            **super().get_config(),
            "axis": self.axis or None,
            "invert": self.invert,
            self.location_name: None if location is None else location.tolist(),
            self.spread_name: None if spread is None else spread.tolist(),
        }


def _to_numpy(weight: Any) -> Array:
    # Of a tensor: NumPy 2 warns of the way that Keras's variables convert themselves.
    return np.asarray(ops.convert_to_numpy(ops.copy(weight)))


def _fit(given: Array, name: str, kept_shape: tuple[Any, ...]) -> Array:
    try:
        return np.broadcast_to(given, kept_shape)
    except ValueError as error:
        raise ValueError(
            f"{name} must be a number or fit the kept axes, {kept_shape}. "
            f"Received: {name} of shape {given.shape}."
        ) from error
