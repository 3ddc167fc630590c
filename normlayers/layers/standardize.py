"""The standardizing input layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.statistics.batches import batches
from normlayers.statistics.moments import Missing, Moments, kept_axes


@keras.saving.register_keras_serializable(package="normlayers")
class Standardize(keras.layers.Layer):
    """Shifts and scales inputs to mean 0 and standard deviation 1: ``(x - mean) / std``.

    The mean and the variance (the population's: divided by n) are learned from data by
    ``adapt``, once, before training, or given. They are not trained. A feature that is constant
    in the data is shifted and not divided.

    Source: the articles' standardization, ``(x - mu) / sigma`` (A1, A3);
    with ``center=False`` their ``x / sigma`` (A4).

    Args:
        axis: the axis or axes that get statistics of their own, usually the features: ``-1``.
            ``None``: one mean and one variance for everything.
        mean: the mean, where it is known; a number or an array that fits the kept axes.
        variance: the variance, given together with ``mean``.
        invert: compute ``x * std + mean`` instead, which takes standardized values back.
        center: subtract the mean.
        scale: divide by the standard deviation.
        missing: ``"error"`` lets ``adapt`` refuse NaN; ``"ignore"`` leaves NaN out of the
            statistics, feature by feature (in the layer's inputs NaN stays NaN).
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Shapes:
        inputs ``(batch, ...)``; outputs the same. The kept axes need a known length.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> layer = nl.Standardize()
        >>> layer.adapt(np.array([[9.0, 100.0], [11.0, 300.0]], "float32"))
        >>> layer.mean.tolist(), layer.variance.tolist()
        ([10.0, 200.0], [1.0, 10000.0])
        >>> np.asarray(layer(np.array([[10.0, 300.0]], "float32"))).tolist()
        [[0.0, 1.0]]
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        center: bool = True,
        scale: bool = True,
        missing: Missing = "error",
        **kwargs: Any,
    ) -> None:
        _check_given(mean, variance)
        Moments(missing=missing)  # refuses an unknown `missing`
        super().__init__(**kwargs)
        self.axis = kept_axes(axis)
        self.given_mean = None if mean is None else np.asarray(mean, "float64")
        self.given_variance = None if variance is None else np.asarray(variance, "float64")
        self.invert = invert
        self.center = center
        self.scale = scale
        self.missing = missing
        self.supports_masking = True
        self._has_statistics = mean is not None
        self._warned = False

    # Statistics

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the mean and the variance of ``data``, forgetting earlier ones.

        One pass, accumulated in float64.

        Args:
            data: an array or tensor of shape ``(rows, ...)``; or batches of them: a
                ``tf.data.Dataset``, a list, a generator. Of tuples the first entry is taken.
            batch_size: rows read at a time from an array; ``None`` chooses.
            steps: number of batches to read; ``None`` reads all.

        Raises:
            TypeError: the data are no numbers, or no array or iterable of them.
            ValueError: NaN (unless ignored), infinite values, no data, features that change or
                do not fit the layer. The layer keeps the statistics it had.
            RuntimeError: the layer was given its mean and variance.
        """
        if self.given_mean is not None:
            raise RuntimeError(
                f"Standardize.adapt(): layer {self.name!r} was given its mean and variance; "
                "make it without them to learn them from data."
            )
        moments = Moments(axis=self.axis, missing=self.missing)
        shape: tuple[int, ...] = ()
        try:
            for batch in batches(data, batch_size, steps):
                self._check_features(batch.shape)
                moments.update(batch)
                shape = batch.shape
            if not np.all(moments.count):
                raise ValueError("there are no data, or none for some feature.")
        except (TypeError, ValueError) as error:
            raise type(error)(f"Standardize.adapt(): {error}") from error
        if not self.built:
            self.build((None, *shape[1:]))
        self.mean_weight.assign(moments.mean)
        self.variance_weight.assign(moments.variance)
        self.count_weight.assign(moments.rows)
        self._has_statistics = True

    @property
    def mean(self) -> npt.NDArray[Any]:
        """The mean, in the shape of the kept axes."""
        return self._statistic("mean", self.given_mean)

    @property
    def variance(self) -> npt.NDArray[Any]:
        """The variance, in the shape of the kept axes."""
        return self._statistic("variance", self.given_variance)

    @property
    def count(self) -> int:
        """The number of rows the statistics were learned from; 0 where they were given."""
        return int(self._statistic("count", np.zeros(()) if self._is_given else None))

    @property
    def _is_given(self) -> bool:
        return self.given_mean is not None

    def _statistic(self, name: str, given: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
        if given is not None:
            return given
        if not self.built:
            raise RuntimeError(f"layer {self.name!r} has no {name} yet; call adapt(data) first.")
        return np.asarray(ops.convert_to_numpy(getattr(self, f"{name}_weight")))

    def _check_features(self, shape: tuple[int, ...]) -> None:
        if not self.built:
            return
        expected = self._built_shape
        if len(shape) != len(expected) or any(shape[axis] != expected[axis] for axis in self.axis):
            raise ValueError(
                f"layer {self.name!r} was built for inputs of shape {expected}. "
                f"Received: data of shape {shape}."
            )

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
        self._broadcast_shape = tuple(shape[axis] if axis in keep else 1 for axis in range(rank))
        if self._is_given:
            self.mean_weight = self._fit_given(self.given_mean, "mean", kept_shape)
            self.variance_weight = self._fit_given(self.given_variance, "variance", kept_shape)
        else:
            self._add_weights(kept_shape)
        self._built_shape = shape
        self.built = True

    def _fit_given(self, given: Any, name: str, kept_shape: tuple[Any, ...]) -> Any:
        try:
            return np.broadcast_to(given, kept_shape)
        except ValueError as error:
            raise ValueError(
                f"{name} must be a number or fit the kept axes, {kept_shape}. "
                f"Received: {name} of shape {given.shape}."
            ) from error

    def _add_weights(self, kept_shape: tuple[Any, ...]) -> None:
        def add(name: str, initializer: str, **options: Any) -> Any:
            return self.add_weight(
                name=name, initializer=initializer, trainable=False, autocast=False, **options
            )

        self.mean_weight = add("mean", "zeros", shape=kept_shape)
        self.variance_weight = add("variance", "ones", shape=kept_shape)
        self.count_weight = add("count", "zeros", shape=(), dtype="int32")

    def call(self, inputs: Any) -> Any:
        """Standardize ``inputs``, or take standardized values back with ``invert=True``."""
        if not self._has_statistics:
            self._warn_once()
        inputs = ops.cast(inputs, self.compute_dtype)
        mean, std = self._mean_and_std()
        if self.invert:
            inputs = inputs * std if self.scale else inputs
            return inputs + mean if self.center else inputs
        inputs = inputs - mean if self.center else inputs
        return inputs / std if self.scale else inputs

    def _mean_and_std(self) -> tuple[Any, Any]:
        """Both in the compute dtype and in a shape that broadcasts over the inputs."""
        mean = ops.reshape(self.mean_weight, self._broadcast_shape)
        variance = ops.reshape(self.variance_weight, self._broadcast_shape)
        std = ops.where(variance > 0, ops.sqrt(variance), ops.ones_like(variance))
        return ops.cast(mean, self.compute_dtype), ops.cast(std, self.compute_dtype)

    def _warn_once(self) -> None:
        if not self._warned:
            warnings.warn(
                f"layer {self.name!r} has no statistics and passes its inputs through; "
                f"call {self.name}.adapt(data) first.",
                stacklevel=3,
            )
            self._warned = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[Any, ...]:
        """The shape of the inputs."""
        return tuple(input_shape)

    def load_own_variables(self, store: Any) -> None:
        """Take saved statistics; Keras calls this when it loads a model."""
        super().load_own_variables(store)
        self._has_statistics = self._is_given or self.count > 0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis or None,
            "mean": None if self.given_mean is None else self.given_mean.tolist(),
            "variance": None if self.given_variance is None else self.given_variance.tolist(),
            "invert": self.invert,
            "center": self.center,
            "scale": self.scale,
            "missing": self.missing,
        }


def _check_given(mean: Any, variance: Any) -> None:
    if (mean is None) != (variance is None):
        raise ValueError(
            "mean and variance must be given together. "
            f"Received: mean={mean!r}, variance={variance!r}"
        )
    if variance is not None and np.any(np.asarray(variance) < 0):
        raise ValueError(f"variance must not be negative. Received: variance={variance!r}")
