"""TensorFlow's kernel on a CPU, given the batch in shapes in which its sums are of few values.

The kernel adds a channel's values one after the other. Its statistics are exact where it takes
blocks of rows for so many more channels. Its gradient (oneDNN's) adds the rows of an image first,
and then the images: it is exact where the rows are laid out as images of few. Both cost no more
than the kernel on the batch as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from normlayers.layers.batch_norm import fused_batch_norm
from normlayers.layers.batch_norm.hand_written_gradient import with_backward

Tensors = tuple[Any, ...]

# Rows that the kernel takes the moments of at once, and of a batch that has fewer.
BLOCK, SMALL_BLOCK = 64, 16
# Rows of an image, at most.
IMAGE = 64
# Rows whose plain sums are exact enough, and the least an image must have where there are more.
FEW, LEAST_IMAGE = 64, 8
KERNEL_EPSILON = 1e-4  # what it adds where nothing is said
# Standard deviations from 0 within which the rounding of the blocks' means does not show.
NEAR = 4.0


def train(gamma: Any, axis: int, epsilon: float) -> Callable[..., Tensors]:
    """A function as ``fused_batch_norm.train``, of ``x``, ``gamma`` and ``beta``."""
    import tensorflow as tf

    channels = gamma.shape[0]

    # Half precision is widened here: the kernel would round what it subtracts from.
    def forward(x: Any, gamma: Any, beta: Any) -> tuple[Tensors, Tensors]:
        wide = tf.cast(x, gamma.dtype)
        n, mu, variance = _moments(tf.reshape(wide, (-1, channels)))
        images = _in_images(wide, channels)
        y = fused_batch_norm.infer(images, gamma, beta, mu, variance, axis, epsilon)
        return (_like(x, y), n, mu, variance), (x, gamma, n, mu, variance)

    def backward(kept: Tensors, g: Any) -> Tensors:
        x, gamma, n, mu, variance = kept
        images, g = (_in_images(tf.cast(a, gamma.dtype), channels) for a in (x, g))
        given = images, g, gamma, mu, variance, epsilon
        d_x, d_gamma, d_beta = _either(
            _adds_images_first(channels) and _has_short_images(_rows(x, channels)),
            lambda: fused_batch_norm.tensorflow_gradients(*given),
            lambda: _exact_gradients(*given, n),
        )
        return _like(x, d_x), d_gamma, d_beta

    return with_backward(forward, backward)


def _moments(rows: Any) -> Tensors:
    """``n``, ``mu`` and ``sigma^2`` of each column, from the kernel's moments of blocks of rows."""
    import tensorflow as tf

    n, channels = _rows(rows, rows.shape[1]), rows.shape[1]
    block = _either(n >= BLOCK, lambda: BLOCK, lambda: SMALL_BLOCK)
    blocks = n // block
    head, tail = rows[: blocks * block], rows[blocks * block :]
    one = tf.ones(blocks * channels)
    images = tf.reshape(head, (block // SMALL_BLOCK, 1, SMALL_BLOCK, blocks * channels))
    x_hat, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=images, scale=one, offset=0 * one, mean=[], variance=[]
    )
    size = tf.cast(block, tf.float32)
    mean, variance = (tf.reshape(m, (-1, channels)) for m in (mean, variance * (1 - 1 / size)))
    count = tf.cast(n, tf.float32)

    def average(of_blocks: Any, of_tail: Any) -> Any:
        return (size * _sum(of_blocks) + _sum(of_tail)) / tf.maximum(count, 1)

    def unrounded(off: Any) -> Any:
        # What the kernel leaves of the blocks' means, which it rounds, is the mean of its output.
        left = tf.reduce_mean(tf.reshape(x_hat, (block, -1)), axis=0)
        return off + tf.reshape(left, (-1, channels)) * tf.sqrt(variance + KERNEL_EPSILON)

    near = average(mean, tail)
    off, tail = mean - near, tail - near
    is_far = tf.reduce_any(near * near > NEAR**2 * tf.reduce_mean(variance, axis=0))
    off = tf.cond(is_far, lambda: unrounded(off), lambda: off)
    shift = average(off, tail)
    square = average(variance + off * off, tail * tail)
    return count, near + shift, tf.nn.relu(square - shift * shift)


def _exact_gradients(
    images: Any, g: Any, gamma: Any, mu: Any, variance: Any, epsilon: float, n: Any
) -> Tensors:
    """As ``fused_batch_norm.tensorflow_gradients``, by sums of our own."""
    import tensorflow as tf

    rows = (-1, gamma.shape[0])
    d_beta = _sum(tf.reshape(g, rows))
    g = g - d_beta / tf.maximum(n, 1)  # which changes nothing but the kernel's rounding
    d_gamma = _sum(tf.reshape(g * (images - mu), rows)) * tf.math.rsqrt(variance + epsilon)
    d_x, *_ = fused_batch_norm.tensorflow_gradients(images, g, gamma, mu, variance, epsilon)
    return d_x, d_gamma, d_beta


def _sum(rows: Any) -> Any:
    """The sum of each column: of about sqrt(n) sums of about sqrt(n) rows."""
    import tensorflow as tf

    n, channels = _rows(rows, rows.shape[1]), rows.shape[1]
    if isinstance(n, int) and n <= FEW:
        return tf.reduce_sum(rows, axis=0)
    length = tf.maximum(tf.cast(tf.sqrt(tf.cast(n, tf.float32)), tf.int32), 1)
    blocks = n // length
    head = tf.reshape(rows[: blocks * length], (length, blocks * channels))
    sums = tf.reshape(tf.reduce_sum(head, axis=0), (blocks, channels))
    return tf.reduce_sum(sums, axis=0) + tf.reduce_sum(rows[blocks * length :], axis=0)


def _rows(x: Any, channels: int) -> Any:
    """The values of a channel: a number where the shape is known, else a tensor."""
    import tensorflow as tf

    values = x.shape.num_elements()
    return tf.size(x) // channels if values is None else values // channels


def _rows_an_image(rows: Any) -> Any:
    """The largest power of 2 that divides a number of rows, up to ``IMAGE``; at least 1."""
    import tensorflow as tf

    most = rows & -rows
    if isinstance(rows, int):
        return max(min(most, IMAGE), 1)
    return tf.clip_by_value(most, 1, IMAGE)


def _in_images(x: Any, channels: int) -> Any:
    import tensorflow as tf

    return tf.reshape(x, (-1, 1, _rows_an_image(_rows(x, channels)), channels))


def _has_short_images(rows: Any) -> Any:
    """Whether neither the sums of images nor the sum of these are of many values."""
    return (rows <= FEW) | (_rows_an_image(rows) >= LEAST_IMAGE)


def _like(x: Any, images: Any) -> Any:
    import tensorflow as tf

    return tf.cast(tf.reshape(images, tf.shape(x)), x.dtype)


def _either(which: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """A choice that is made while tracing where it can be."""
    import tensorflow as tf

    if isinstance(which, bool):
        return one() if which else other()
    return tf.cond(which, one, other)


@lru_cache
def _adds_images_first(channels: int) -> bool:
    """Whether the kernel's gradient does: not of every build, nor for every number of channels."""
    import tensorflow as tf

    with tf.init_scope():
        g = tf.ones((64, 1, 2, channels))
        # To 2^24 ones are added in vain, but not twos.
        g = tf.concat([tf.fill((1, 1, 2, channels), 2.0**23), g], axis=0)
        one = tf.ones(channels)
        *_, d_beta = fused_batch_norm.tensorflow_gradients(g, g, one, one, one, 1e-3)
        return bool(tf.reduce_all(d_beta == 2.0**24 + 128))
