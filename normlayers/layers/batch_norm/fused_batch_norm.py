"""The backends' own batch normalization kernels: TensorFlow's FusedBatchNormV3, torch's batch_norm.

They compute what ``reference_batch_norm`` computes in fewer passes over the memory.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from normlayers.layers.batch_norm.reference_batch_norm import at_least_one

# Below this many values TensorFlow's kernel takes longer to start than its passes save
# (benchmarks/batch_normalization.py, 128 x 256 and 4096 x 512).
WORTH_STARTING = 2**17
# What a batch of unknown length is taken for in that.
USUAL_BATCH = 64
# TensorFlow's own functions give cuDNN no smaller one.
SMALLEST_EPSILON_ON_GPU = 1.001e-5


def why_not(dtype: str, axis: int, rank: int, epsilon: float) -> str | None:
    """Why there is no kernel that means the same as the reference, or ``None`` if there is one.

    Args:
        dtype: the type of the weights.
        axis: the channels' axis, from 0 on.
        rank: the number of the inputs' axes.
        epsilon: added to the variance.
    """
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "torch"):
        return f"the {backend} backend has no such kernel; its compiler fuses the reference"
    if epsilon == 0:
        return "a constant channel is not defined there with epsilon=0"
    if backend == "tensorflow":
        if dtype != "float32":
            return f"TensorFlow's kernel takes no {dtype} weights"
        if axis != rank - 1:
            return "TensorFlow's kernel takes the last axis for the channels'"
        if epsilon < SMALLEST_EPSILON_ON_GPU and on_gpu():
            return f"cuDNN is given no epsilon below {SMALLEST_EPSILON_ON_GPU}"
    elif axis not in (1, rank - 1):
        return "torch's kernel takes the second or the last axis for the channels'"
    return None


def takes(x: Any, axis: int) -> bool:
    """Whether the kernel, where there is one, means the same as the reference for these inputs."""
    if keras.backend.backend() == "torch":
        # Its variance is divided by n - 1.
        return x.shape.numel() > x.shape[axis]
    # XLA would take the kernel apart, into E[x^2] - E[x]^2, which cancels.
    return not _in_xla()


def is_faster(x: Any) -> bool:
    """Whether the kernel beats the reference on a tensor that both take."""
    if keras.backend.backend() == "torch":
        return True
    if on_gpu():
        return len(x.shape) == 4  # what cuDNN's kernel is made for
    values = 1
    for length in x.shape:
        values *= USUAL_BATCH if length is None else length
    return values >= WORTH_STARTING


def train(x: Any, gamma: Any, beta: Any, axis: int, epsilon: float) -> tuple[Any, Any, Any, Any]:
    """Normalize by the batch's own statistics.

    Args:
        x: shape ``(batch, ..., channels, ...)``, of any float type.
        gamma, beta: shape ``(channels,)``, at least float32.
        axis: the channels' axis.
        epsilon: added to the variance.

    Returns:
        ``y`` in the shape and type of ``x``; ``n``; ``mu`` and ``sigma^2``, shape
        ``(channels,)``, of the type of ``gamma``.
    """
    channels = gamma.shape[0]
    n = ops.cast(ops.size(x) / channels, gamma.dtype)
    # Both kernels estimate the variance of a population, Keras's layer takes the batch's.
    biased = (n - 1) / at_least_one(n)
    if keras.backend.backend() == "torch":
        import torch

        mu, variance = (torch.zeros_like(gamma) for _ in range(2))
        rows = _channels_second(x, axis)
        y = torch.batch_norm(rows, gamma, beta, mu, variance, True, 1.0, epsilon, _cudnn())
        return _channels_back(y, x, axis), n, mu, variance * biased
    import tensorflow as tf

    y, mu, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=_images(x, channels), scale=gamma, offset=beta, mean=[], variance=[], epsilon=epsilon
    )
    return ops.reshape(y, ops.shape(x)), n, mu, variance * biased


def infer(
    x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, axis: int, epsilon: float
) -> Any:
    """Normalize by statistics that are given, of shape ``(channels,)``."""
    if keras.backend.backend() == "torch":
        import torch

        rows = _channels_second(x, axis)
        y = torch.batch_norm(rows, gamma, beta, mean, variance, False, 0.0, epsilon, _cudnn())
        return _channels_back(y, x, axis)
    import tensorflow as tf

    y, *_ = tf.raw_ops.FusedBatchNormV3(
        x=_images(x, gamma.shape[0]),
        scale=gamma,
        offset=beta,
        mean=mean,
        variance=variance,
        epsilon=epsilon,
        is_training=False,
    )
    return ops.reshape(y, ops.shape(x))


def tensorflow_gradients(
    x: Any, g: Any, gamma: Any, mean: Any, variance: Any, epsilon: float
) -> tuple[Any, Any, Any]:
    """The gradients of ``x``, ``gamma`` and ``beta`` by TensorFlow's kernel, on a CPU.

    Args:
        x: as in ``train``.
        g: the output's gradient.
        gamma: shape ``(channels,)``.
        mean, variance: the batch's, of the same shape.
        epsilon: added to the variance.
    """
    import tensorflow as tf

    d_x, d_gamma, d_beta, *_ = tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=_images(g, gamma.shape[0]),
        x=_images(x, gamma.shape[0]),
        scale=gamma,
        reserve_space_1=mean,
        reserve_space_2=variance,
        reserve_space_3=tf.zeros(0),
        epsilon=epsilon,
    )
    return ops.reshape(d_x, ops.shape(x)), d_gamma, d_beta


def _images(x: Any, channels: int) -> Any:
    """As a batch of images, which is all that TensorFlow's kernel takes."""
    return x if len(x.shape) == 4 else ops.reshape(x, (-1, 1, 1, channels))


def _channels_second(x: Any, axis: int) -> Any:
    if axis % x.ndim == 1:
        return x
    return x.movedim(-1, 1) if x.ndim == 4 else x.reshape(-1, x.shape[-1])


def _channels_back(y: Any, x: Any, axis: int) -> Any:
    if axis % x.ndim == 1:
        return y
    return y.movedim(1, -1) if x.ndim == 4 else y.reshape(x.shape)


def _cudnn() -> bool:
    import torch

    return bool(torch.backends.cudnn.enabled)


def on_gpu() -> bool:
    """Whether TensorFlow has a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def _in_xla() -> bool:
    """Whether TensorFlow traces a function that XLA will compile."""
    import tensorflow as tf

    if tf.executing_eagerly():
        return False
    try:
        # TensorFlow says so nowhere else.
        from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext
    except ImportError:
        return True
    return bool(GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))
