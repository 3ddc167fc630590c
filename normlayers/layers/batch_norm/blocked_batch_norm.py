"""Batch normalization by the backends' kernels on a CPU, with sums over short blocks.

``FusedBatchNormV3`` and ``torch.batch_norm`` add the values of a channel one after the other in
float32 where the channels' axis is the last: the error of their statistics grows with the batch, to
1.7e-4 of the variance at 10^6 rows. Here sums are of blocks, and then of the blocks' sums.
What is done value by value TensorFlow's kernel does; torch's computes ``x * scale + shift`` there,
which cancels where the mean is large, and is given centred values or not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from normlayers.layers.batch_norm import fused_batch_norm, tensorflow_blocks
from normlayers.layers.batch_norm.hand_written_gradient import with_backward

# Values of a part that torch works through at once, per thread: what a core's cache holds.
PART = 2**18

# Sums of so few values are exact enough in torch's kernel too, which starts sooner.
FEW = 64

Tensors = tuple[Any, ...]


def is_needed(x: Any) -> bool:
    """Whether the kernel itself may be less exact than Keras's layer.

    On a GPU the kernel is taken as it is: there its sums have not been measured.
    """
    if keras.backend.backend() == "torch":
        return bool(x.device.type == "cpu")
    return not fused_batch_norm.on_gpu()


def train(x: Any, gamma: Any, beta: Any, axis: int, epsilon: float) -> Tensors:
    """Normalize by the batch's own statistics.

    Arguments and results are those of ``fused_batch_norm.train``. Over float32 batches of up to
    10^6 values a channel, of mean 0 to 1000 and standard deviation 1, the relative error of the
    variance stays below 1e-6, where that of the kernels passes 1e-4.
    """
    if keras.backend.backend() == "torch":
        if x.numel() <= FEW * len(gamma):
            return _of_few(x, gamma, beta, axis, epsilon)
        return _torch(axis, epsilon)(x, gamma, beta)
    return tensorflow_blocks.train(gamma, axis, epsilon)(x, gamma, beta)


def infer(
    x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, axis: int, epsilon: float
) -> Any:
    """Normalize by statistics that are given, as ``fused_batch_norm.infer`` does."""
    if keras.backend.backend() == "tensorflow":
        return fused_batch_norm.infer(x, gamma, beta, mean, variance, axis, epsilon)
    import torch

    (rows,), at = _laid_out(x, axis=axis)
    _, column = _across(rows, at)
    scale = gamma * torch.rsqrt(variance + epsilon)
    return _affine(rows, *map(column, (mean, scale, beta))).reshape(x.shape)


def _affine(rows: Any, mean: Any, scale: Any, shift: Any) -> Any:
    """``(rows - mean) * scale + shift`` in the type of the rows."""
    import torch

    if torch.is_grad_enabled() or rows.numel() <= PART:
        return torch.addcmul(shift, rows - mean, scale).to(rows.dtype)
    y = torch.empty_like(rows)
    for result, part in zip(_parts(y), _parts(rows), strict=True):
        if y.dtype == scale.dtype:
            torch.addcmul(shift, part - mean, scale, out=result)
        else:
            result.copy_(torch.addcmul(shift, part - mean, scale))
    return y


def _parts(tensor: Any) -> Any:
    """Slices of the first axis that fit into the caches."""
    import torch

    rows = PART * torch.get_num_threads() * len(tensor) // max(tensor.numel(), 1)
    return tensor.split(max(rows, 1))


def _laid_out(*tensors: Any, axis: int) -> tuple[list[Any], int]:
    """Rows of channels where that takes no copy, so that an image can be cut too."""
    last = axis % tensors[0].ndim == tensors[0].ndim - 1
    if last and all(tensor.is_contiguous() for tensor in tensors):
        return [tensor.view(-1, tensor.shape[-1]) for tensor in tensors], 1
    return list(tensors), axis


def _across(rows: Any, at: int) -> tuple[list[int], Callable[[Any], Any]]:
    """As ``reference_batch_norm.across``; ``keras.ops`` would take longer than small batches do."""
    at = at % rows.ndim
    after = (1,) * (rows.ndim - 1 - at)
    axes = [axis for axis in range(rows.ndim) if axis != at]
    return axes, lambda vector: vector.reshape(-1, *after) if after else vector


def _of_few(x: Any, gamma: Any, beta: Any, axis: int, epsilon: float) -> Tensors:
    """As ``train``, by torch's kernel."""
    axes, column = _across(x, axis)
    # Without a derivative, which nothing is lost by: what is normalized does not change with it.
    centre = x.detach().mean(axes, dtype=gamma.dtype)
    y, n, mu, variance = fused_batch_norm.train(x - column(centre), gamma, beta, axis, epsilon)
    return y.to(x.dtype), n, _sum(centre, mu), variance


def _sum(mu: Any, rest: Any) -> Any:
    """The mean, and what its rounding left: of an infinite one, that is NaN."""
    return mu.where(mu.isinf(), mu + rest)


def _torch(axis: int, epsilon: float) -> Callable[..., Tensors]:
    import torch

    def total(sums: Any, dtype: Any) -> Any:
        first, *others = sums
        if not others:
            return first
        return torch.stack([first, *others]).sum(0, dtype=torch.float64).to(dtype)

    def moments(rows: Any, at: int, dtype: Any) -> Tensors:
        """Mean, what its rounding left of it, and variance, of each channel."""
        axes, column = _across(rows, at)
        n = rows.numel() / rows.shape[at]
        mu = total((part.sum(axes, dtype=dtype) for part in _parts(rows)), dtype) / n
        centred = (part - column(mu) for part in _parts(rows))
        sums = [(part.sum(axes), part.square_().sum(axes)) for part in centred]
        rest, square = (total(each, dtype) / n for each in zip(*sums, strict=True))
        return mu, rest, torch.relu(square - rest * rest)

    def forward(x: Any, gamma: Any, beta: Any) -> tuple[Tensors, Tensors]:
        (rows,), at = _laid_out(x, axis=axis)
        _, column = _across(rows, at)
        mu, rest, variance = moments(rows, at, gamma.dtype)
        scale = gamma * torch.rsqrt(variance + epsilon)
        y = _affine(rows, *map(column, (mu, scale, beta - rest * scale))).reshape(x.shape)
        n = torch.full_like(mu, x.numel() / len(gamma))
        return (y, n, _sum(mu, rest), variance), (x, gamma, mu, rest, variance)

    def backward(kept: Tensors, g: Any) -> Tensors:
        x, gamma, mu, rest, variance = kept
        (rows, g_rows), at = _laid_out(x, g, axis=axis)
        axes, column = _across(rows, at)
        n = x.numel() / len(gamma)
        pairs = list(zip(_parts(rows), _parts(g_rows), strict=True))
        inverse_sigma = torch.rsqrt(variance + epsilon)
        d_beta = total((g.sum(axes, dtype=gamma.dtype) for _, g in pairs), gamma.dtype)
        products = ((x - column(mu)).mul_(g) for x, g in pairs)
        along = total((each.sum(axes) for each in products), gamma.dtype) - rest * d_beta
        d_gamma = along * inverse_sigma
        scale = gamma * inverse_sigma
        slope = -scale * inverse_sigma * d_gamma / n
        shift = -scale * d_beta / n - rest * slope
        slope, shift, scale, mu = map(column, (slope, shift, scale, mu))
        d_x = [torch.addcmul(shift, x - mu, slope).addcmul(g, scale).to(x.dtype) for x, g in pairs]
        return torch.cat(d_x).reshape(x.shape), d_gamma, d_beta

    return with_backward(forward, backward)
