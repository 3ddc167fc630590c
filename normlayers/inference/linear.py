"""Layers that are linear in their inputs, and their weights with a scale and a shift folded in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.inference.affine import PRECISE, Affine
from normlayers.inference.kept_values import value_of

Array = npt.NDArray[Any]

k = keras.layers
CONVOLUTIONS = (k.Conv1D, k.Conv2D, k.Conv3D)
TRANSPOSED = (k.Conv1DTranspose, k.Conv2DTranspose, k.Conv3DTranspose)
DEPTHWISE = (k.DepthwiseConv1D, k.DepthwiseConv2D)
SEPARABLE = (k.SeparableConv1D, k.SeparableConv2D)
LINEAR = (k.Dense, *CONVOLUTIONS, *TRANSPOSED, *DEPTHWISE, *SEPARABLE)


def why_not_linear(layer: Any) -> str | None:
    """Why nothing can be folded into a layer whatever it is; ``None`` where it can."""
    name = f"{layer.name!r}"
    if type(layer) not in LINEAR:
        return f"{name} ({type(layer).__name__})"
    if getattr(layer, "quantization_mode", None) is not None:
        return f"{name} is quantized"
    if getattr(layer, "lora_enabled", False):
        return f"{name} has LoRA weights"
    if layer.compute_dtype not in PRECISE or layer.variable_dtype != layer.compute_dtype:
        return f"{name} computes in {layer.compute_dtype}"
    return None


def channels_axis(layer: Any) -> int:
    """The axis of the channels in a linear layer's inputs and outputs."""
    return 1 if getattr(layer, "data_format", "channels_last") == "channels_first" else -1


def pads(layer: Any, shape: Any) -> bool:
    """Whether a linear layer, called on inputs of a shape, adds zeros at their edges."""
    if isinstance(layer, k.Dense) or layer.padding == "valid":
        return False
    if layer.padding == "causal":
        return bool(layer.kernel_size[0] > 1)
    spatial = shape[2:] if channels_axis(layer) == 1 else shape[1:-1]
    return any(
        size > 1 and (n is None or (-(-n // stride) - 1) * stride + (size - 1) * dilation + 1 > n)
        for n, size, stride, dilation in zip(
            spatial, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True
        )
    )


def misplaces_bias(layer: Any, shape: Any) -> bool:
    """Whether a linear layer, called on inputs of a shape, may add its bias along a wrong axis.

    On TensorFlow Keras adds a vector along the last axis wherever that is as long as the vector,
    the channels' axis or not.
    """
    if keras.backend.backend() != "tensorflow" or channels_axis(layer) == -1:
        return False
    _, channels, *others = layer.compute_output_shape(shape)
    return others[-1] in (None, channels)


@dataclass(frozen=True)
class LinearWeights:
    """The weights of a linear layer in float64, rounded only when they are assigned.

    Attributes:
        layer: the layer that they are of.
        kernel: the kernel; of a separable convolution the depthwise one.
        pointwise: that of a separable convolution, else ``None``.
        bias: zeros where the layer has none.
    """

    layer: Any
    kernel: Array
    pointwise: Array | None
    bias: Array

    @classmethod
    def of(cls, layer: Any) -> LinearWeights:
        """The weights as they are."""
        separable = isinstance(layer, SEPARABLE)
        kernel = value_of(layer.depthwise_kernel if separable else layer.kernel).astype(float)
        pointwise = value_of(layer.pointwise_kernel).astype(float) if separable else None
        if layer.use_bias:
            bias = value_of(layer.bias).astype(float)
        elif isinstance(layer, DEPTHWISE):
            bias = np.zeros(kernel.shape[-2] * kernel.shape[-1])
        elif isinstance(layer, TRANSPOSED):
            bias = np.zeros(kernel.shape[-2])
        else:
            bias = np.zeros((kernel if pointwise is None else pointwise).shape[-1])
        return cls(layer, kernel, pointwise, bias)

    @property
    def arguments(self) -> dict[str, Any]:
        """What a layer with these weights has in its configuration."""
        return {"use_bias": True}

    @property
    def channels_in(self) -> int:
        """The number of channels of the inputs."""
        if isinstance(self.layer, (*DEPTHWISE, *SEPARABLE)):
            return int(self.kernel.shape[-2])
        if isinstance(self.layer, TRANSPOSED):
            return int(self.kernel.shape[-1])
        return int(self.kernel.shape[-2]) * self._groups

    def followed_by(self, affine: Affine) -> LinearWeights:
        """With a scale and a shift of the outputs, vectors, folded in."""
        scale = affine.scale
        bias = self.bias * scale + affine.shift
        if self.pointwise is not None:
            return replace(self, pointwise=self.pointwise * scale, bias=bias)
        if isinstance(self.layer, TRANSPOSED):
            scale = scale[:, np.newaxis]
        elif isinstance(self.layer, DEPTHWISE):
            scale = scale.reshape(self.kernel.shape[-2:])
        return replace(self, kernel=self.kernel * scale, bias=bias)

    def preceded_by(self, affine: Affine) -> LinearWeights:
        """With a scale and a shift of the inputs, vectors, folded in.

        A shift only where no zeros are added to the inputs.
        """
        scale, shift = self._over_kernel(affine.scale), self._over_kernel(affine.shift)
        shifted = self.kernel * shift
        if self.pointwise is not None:
            matrix = self.pointwise.reshape(self.pointwise.shape[-2:])
            more = _over_last(shifted, 2).reshape(-1) @ matrix
        elif isinstance(self.layer, DEPTHWISE):
            more = _over_last(shifted, 2).reshape(-1)
        elif isinstance(self.layer, TRANSPOSED):
            more = _over_last(shifted, 2).sum(axis=-1)
        else:
            more = _over_last(shifted, 1)
        return replace(self, kernel=self.kernel * scale, bias=self.bias + more)

    def fit(self) -> bool:
        """Whether the layer's type can hold them."""
        largest = np.finfo(self.layer.variable_dtype).max
        arrays = [self.kernel, self.bias] + ([] if self.pointwise is None else [self.pointwise])
        return all(-largest <= np.min(a) and np.max(a) <= largest for a in arrays if a.size)

    def assign(self, copy: Any) -> None:
        """Give them to a copy of the layer that has a bias."""
        if self.pointwise is None:
            copy.kernel.assign(self.kernel.astype(copy.kernel.dtype))
        else:
            copy.depthwise_kernel.assign(self.kernel.astype(copy.depthwise_kernel.dtype))
            copy.pointwise_kernel.assign(self.pointwise.astype(copy.pointwise_kernel.dtype))
        copy.bias.assign(self.bias.astype(copy.bias.dtype))

    @property
    def _groups(self) -> int:
        return int(getattr(self.layer, "groups", 1))

    def _over_kernel(self, inputs: Array) -> Array:
        """A vector of the inputs' channels, so that it broadcasts with the kernel."""
        if isinstance(self.layer, TRANSPOSED):
            return inputs
        if isinstance(self.layer, (*DEPTHWISE, *SEPARABLE)):
            return inputs[:, np.newaxis]
        # Each group of filters sees its own group of channels.
        by_group = inputs.reshape(self._groups, -1).T
        return np.repeat(by_group, self.kernel.shape[-1] // self._groups, axis=1)


def _over_last(array: Array, axes: int) -> Array:
    """Summed over all axes but the last ones."""
    return array.sum(axis=tuple(range(array.ndim - axes)))
