"""What a normalizing layer computes at inference: scale and shift, and perhaps an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.inference.kept_values import value_of
from normlayers.layers.batch_normalization import BatchNormalization
from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.scaling_layer import ScalingLayer
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

KINDS = (
    Standardize,
    MinMaxScale,
    BatchNormalization,
    keras.layers.BatchNormalization,
    keras.layers.Normalization,
    keras.layers.Rescaling,
)
# Half precision has too few digits for a fold to compute the same.
PRECISE = ("float32", "float64")


@dataclass(frozen=True)
class Affine:
    """``scale * x + shift``, both float64 in a shape that broadcasts with ``x``, of its rank.

    Attributes:
        scale, shift: the two.
        location: ``scale`` times what the layer subtracts from ``x``, which may be large where the
            difference is small.
    """

    scale: Array
    shift: Array
    location: Array

    def flattened(self, shape: Sequence[int | None]) -> Affine | None:
        """The same after ``Flatten`` of inputs of a shape; ``None`` where a length is unknown."""
        if self.scale.size == 1:
            return self._each(lambda entry: entry.reshape(1, 1))
        if None in shape[1:]:
            return None
        whole = (1, *(length for length in shape[1:] if length is not None))
        return self._each(lambda entry: np.broadcast_to(entry, whole).reshape(1, -1))

    def along(self, axis: int, length: int) -> Affine | None:
        """As vectors along an axis; ``None`` where they differ along others."""
        if self.differs_beside(axis):
            return None
        return self._each(lambda entry: np.broadcast_to(entry.reshape(-1), (length,)))

    def differs_beside(self, axis: int) -> bool:
        """Whether they differ along another axis than this one."""
        others = np.delete(np.array(self.scale.shape), axis % self.scale.ndim)
        return bool(np.any(others != 1))

    def _each(self, change: Any) -> Affine:
        return replace(
            self,
            scale=change(self.scale),
            shift=change(self.shift),
            location=change(self.location),
        )


@dataclass(frozen=True)
class Stage:
    """What a layer does to its inputs: an activation, then ``affine``, then an activation.

    Attributes:
        before, after: the activations; ``None`` where there is none.
        affine: what is between.
    """

    affine: Affine
    before: Any = None
    after: Any = None


def stage_of(layer: Any, inputs: Any) -> Stage | str | None:
    """What a layer does at inference to a symbolic tensor.

    Returns:
        ``None`` for layers that normalize nothing, or not by numbers that are known beforehand;
        for the others what they do, or a reason why that cannot be taken apart.
    """
    if not isinstance(layer, KINDS):
        return None
    if type(layer) not in KINDS:
        return f"it is a {type(layer).__name__}, which may compute something else"
    if layer.compute_dtype not in PRECISE:
        return f"it computes in {layer.compute_dtype}"
    if not layer.built:
        return "it is not built"
    if isinstance(layer, keras.layers.BatchNormalization):
        stage = _of_batch_normalization(layer, len(inputs.shape))
    elif inputs.dtype != layer.compute_dtype:
        return f"its inputs come in {inputs.dtype} and have to be converted by it"
    elif isinstance(layer, ScalingLayer):
        if not layer.count and layer.get_config()[layer.location_name] is None:
            return "it has not been adapted"
        if getattr(layer, "clip", False):
            return "clip=True does more than to scale and shift"
        stage = Stage(Affine(*layer.affine(inputs.dtype, inputs.shape)))
    elif isinstance(layer, keras.layers.Rescaling):
        if np.ndim(layer.scale) or np.ndim(layer.offset):
            return "its scale or offset is an array"
        stage = _of_rescaling(layer, len(inputs.shape))
    else:
        stage = _of_normalization(layer)
    if not all(np.all(np.isfinite(a)) for a in (stage.affine.scale, stage.affine.shift)):
        return "its scale or shift is not finite"
    if stage.affine.scale.shape[0] != 1:
        return "its statistics differ from row to row"
    return stage


def _of_batch_normalization(layer: Any, rank: int) -> Stage:
    def vector(weight: Any, default: float) -> Array:
        if weight is None:
            return np.full(layer.moving_mean.shape, default)
        return value_of(weight).astype(float)

    mean, variance = vector(layer.moving_mean, 0), vector(layer.moving_variance, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / np.sqrt(variance + layer.epsilon)
    if isinstance(layer, BatchNormalization) and not layer.epsilon:
        inverse = np.where(variance > 0, inverse, 0.0)  # as it does
    scale = vector(layer.gamma, 1) * inverse
    shape = [1] * rank
    shape[layer.axis] = -1
    location = (scale * mean).reshape(shape)
    beta = vector(layer.beta, 0).reshape(shape)
    affine = Affine(scale.reshape(shape), beta - location, location)
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation is keras.activations.linear:
        return Stage(affine)
    if layer.placement == "post":
        return Stage(affine, before=activation)
    return Stage(affine, after=activation)


def _of_rescaling(layer: Any, rank: int) -> Stage:
    # As the layer rounds them.
    one = np.ones([1] * rank)
    scale, offset = (float(np.asarray(v, layer.compute_dtype)) for v in (layer.scale, layer.offset))
    return Stage(Affine(scale * one, offset * one, 0 * one))


def _of_normalization(layer: Any) -> Stage:
    mean, variance = (value_of(each).astype(float) for each in (layer.mean, layer.variance))
    sigma = np.maximum(np.sqrt(variance), keras.config.epsilon())
    if layer.invert:
        return Stage(Affine(sigma, mean, np.zeros_like(mean)))
    return Stage(Affine(1 / sigma, -mean / sigma, mean / sigma))
