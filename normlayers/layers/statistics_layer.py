"""A Keras layer that has a location and a spread of its inputs: given, or in weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.layers.centring import at_least_float32, has_64_bits
from normlayers.layers.kept_layout import KeptLayout
from normlayers.layers.learned_weights import (
    EARLIER_WEIGHTS,
    PARTS,
    Learned,
    learned_earlier,
    learned_in,
    learned_of,
    refuse_too_large,
    weights_of,
)
from normlayers.statistics.blocks import kept_axes

Array = npt.NDArray[Any]


class StatisticsLayer(keras.layers.Layer):
    """A layer with a location and a spread for every position on the kept axes of its inputs.

    They are weights, or constants that were given. A subclass says what they are called.

    Args:
        axis: the axes that have statistics of their own.
        given: location and spread in float64, or ``None`` for weights.
        **kwargs: those of every Keras layer.
    """

    location_name: ClassVar[str]
    spread_name: ClassVar[str]

    def __init__(
        self,
        axis: int | Sequence[int] | None,
        given: tuple[Array, Array] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = kept_axes(axis)
        self._given = given
        self._layout: KeptLayout | None = None
        self._has_statistics = given is not None

    @classmethod
    @abstractmethod
    def scale_of(cls, spread: Any, library: Any) -> Any:
        """What to divide by, in terms of the spread, where the feature is not constant."""

    @property
    def count(self) -> int:
        """The number of rows the statistics were learned from; 0 where they were given."""
        return 0 if self._given is not None or not self.built else self.learned().rows

    def statistics(self) -> tuple[Array, Array]:
        """Location and spread in float64, in the shape that Keras's layer has them in.

        That is the shape of the inputs the layer was built for, with a 1 for every axis that is not
        kept. An unbuilt layer that was given them has them as they were given.

        Raises:
            RuntimeError: there are none yet.
        """
        if self._layout is None:
            if self._given is None:
                raise RuntimeError(
                    f"layer {self.name!r} has no statistics yet; "
                    f"call {self.name}.adapt(data) first."
                )
            return self._given
        location, spread = self.learned()[:2] if self._given is None else self._fitted
        shape = self._layout.broadcast_shape
        return location.reshape(shape), spread.reshape(shape)

    def learned(self) -> Learned:
        """What the weights hold; the layer is built and has them."""
        return learned_of(*self.weights_now())

    def set_statistics(self, learned: Learned) -> None:
        """Compute with these from now on; the layer is built."""
        self._assign(learned, self.scale_of(np.asarray(learned.spread, np.float64), np))

    def refuse_too_large(self, location: Array, spread: Array) -> None:
        """Raise ValueError where the weights' type cannot hold them."""
        for name, values in ((self.location_name, location), (self.spread_name, spread)):
            refuse_too_large(values, name, self._weight_dtype)

    def weights_now(self) -> list[Array]:
        """The weights as arrays; none of a layer that is not built or was given its statistics."""
        return [_to_numpy(weight) for weight in self._own_weights()]

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the weights for inputs of a shape; Keras calls this."""
        layout = KeptLayout(self.axis, input_shape)
        if self._given is None:
            self._add_weights(layout.kept_shape)
        else:
            location, spread = self._given
            self._fitted = (
                layout.fit(location, self.location_name),
                layout.fit(spread, self.spread_name),
            )
        self._layout = layout
        self.built = True

    def set_weights(self, weights: Any) -> None:
        """Take statistics, as ``get_weights`` of another layer has them, of any float type.

        Of a layer of another ``dtype`` they are split anew, as from files, so that no digits are
        lost. ``set_weights`` of a whole model does not ask its layers: there they are cast.
        """
        self._refuse_unbuilt(len(weights))
        if self._are_of_another_type(weights):
            self._assign_anew(weights)
        else:
            super().set_weights(weights)
        self._has_statistics = self._given is not None or self.count > 0

    def load_own_variables(self, store: Any) -> None:
        """Take saved statistics; Keras calls this."""
        self._refuse_unbuilt(len(store.keys()))
        weights = [store[key] for key in sorted(store.keys())]
        if len(weights) == EARLIER_WEIGHTS and self._given is None:
            self._assign(*learned_earlier(store))
        elif self._are_of_another_type(weights):
            self._assign_anew(weights)
        else:
            super().load_own_variables(store)
        self._has_statistics = self._given is not None or self.count > 0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        location, spread = self._given or (None, None)
        return {
            **super().get_config(),
            "axis": self.axis or None,
            self.location_name: None if location is None else location.tolist(),
            self.spread_name: None if spread is None else spread.tolist(),
        }

    @property
    def _weight_dtype(self) -> str:
        return at_least_float32(self.variable_dtype) if has_64_bits() else "float32"

    def _add_weights(self, kept_shape: tuple[Any, ...]) -> None:
        def add(name: str, initializer: str, shape: tuple[Any, ...]) -> Any:
            return self.add_weight(
                name=name,
                shape=shape,
                initializer=initializer,
                dtype=self._weight_dtype,
                trainable=False,
                autocast=False,
            )

        self._location = add(self.location_name, "zeros", kept_shape)
        self._spread = add(self.spread_name, "ones", kept_shape)
        self._exact = add("exact", "zeros", (PARTS, 2, *kept_shape))

    def _own_weights(self) -> tuple[Any, ...]:
        if self._layout is None or self._given is not None:
            return ()
        return self._location, self._spread, self._exact

    def _assign(self, learned: Learned, scale: Array) -> None:
        assert self._layout is not None
        values = weights_of(learned, scale, self._weight_dtype, self._layout.kept_shape)
        for weight, value in zip(self._own_weights(), values, strict=True):
            weight.assign(value)
        self._has_statistics = learned.rows > 0

    def _are_of_another_type(self, weights: Sequence[Any]) -> bool:
        """Whether they fit but for their type: in a cast they would lose digits."""
        fitting = [tuple(weight.shape) for weight in self._own_weights()]
        if [tuple(getattr(weight, "shape", ())) for weight in weights] != fitting:
            return False
        # Of torch "torch.float32", of NumPy and Keras "float32".
        types = (str(weight.dtype).rpartition(".")[2] for weight in weights)
        return any(dtype != self._weight_dtype for dtype in types)

    def _assign_anew(self, weights: Sequence[Any]) -> None:
        """Compute with what weights of another type hold."""
        location, spread, exact = (
            ops.convert_to_numpy(weight).astype(np.float64) for weight in weights
        )
        learned, scale = learned_in(location, spread, exact, self.scale_of)
        self.refuse_too_large(learned.location, learned.spread)
        self._assign(learned, scale)

    def _refuse_unbuilt(self, weights: int) -> None:
        if weights and not self.built:
            raise ValueError(
                f"layer {self.name!r} is not built and has no weights to set; call it, or its "
                f"model, on inputs first, or {self.name}.build((None, features))."
            )


def _to_numpy(weight: Any) -> Array:
    # Of the value: NumPy 2 warns of the way that Keras's variables convert themselves. It is copied
    # by NumPy, since JAX, while it traces a model's shapes, would trace a copy of its own.
    return np.array(ops.convert_to_numpy(weight.value))
