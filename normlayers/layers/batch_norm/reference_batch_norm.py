"""Batch normalization as its paper writes it, forward and backward.

Source: Ioffe & Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by
Reducing Internal Covariate Shift", algorithm 1 and the gradients in section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from normlayers.layers.batch_norm.hand_written_gradient import with_backward


def train(
    x: Any,
    gamma: Any,
    beta: Any,
    axis: int,
    epsilon: float,
    counted: Any = None,
    total: Callable[[Any], Any] = lambda tensor: tensor,
) -> tuple[Any, Any, Any, Any]:
    """Normalize by the batch's own statistics.

    Args:
        x: shape ``(batch, ..., channels, ...)``, float32 or float64.
        gamma, beta: shape ``(channels,)``, of the same type.
        axis: the channels' axis.
        epsilon: added to the variance.
        counted: booleans of the shape of ``x``: the values that the statistics are of; ``None``
            for all.
        total: adds a tensor up over the replicas that share a batch.

    Returns:
        ``y`` in the shape of ``x``; ``n``, ``mu`` and ``sigma^2``, with an axis of length 1 for
        every axis of ``x`` but the channels' (``n`` may have that there as well).
    """
    axes, column = across(x, axis)

    def forward(x: Any, gamma: Any, beta: Any, *counted: Any) -> tuple[Any, Any]:
        n, mu, variance = statistics(x, axes, counted[0] if counted else None, total)
        inverse_sigma = inverse_root(variance, epsilon)
        x_hat = (x - mu) * inverse_sigma
        y = column(gamma) * x_hat + column(beta)
        return (y, n, mu, variance), (x, gamma, n, mu, inverse_sigma, *counted)

    def backward(kept: tuple[Any, ...], g: Any) -> tuple[Any, ...]:
        x, gamma, n, mu, inverse_sigma, *counted = kept
        x_hat = (x - mu) * inverse_sigma
        d_beta = ops.sum(g, axes, keepdims=True)
        d_gamma = ops.sum(g * x_hat, axes, keepdims=True)
        # mu and sigma^2 are of the whole batch: so are the sums that pass through them.
        n = at_least_one(n)
        through = total(d_beta) / n + x_hat * (total(d_gamma) / n)
        if counted:
            through = ops.where(counted[0], through, 0)
        d_x = column(gamma) * inverse_sigma * (g - through)
        d_gamma, d_beta = (ops.reshape(d, ops.shape(gamma)) for d in (d_gamma, d_beta))
        return (d_x, d_gamma, d_beta, *(None for _ in counted))

    arguments = (x, gamma, beta) if counted is None else (x, gamma, beta, counted)
    y, n, mu, variance = with_backward(forward, backward)(*arguments)
    return y, n, mu, variance


def statistics(
    x: Any,
    axes: Sequence[int],
    counted: Any = None,
    total: Callable[[Any], Any] = lambda tensor: tensor,
) -> tuple[Any, Any, Any]:
    """``n``, ``mu`` and ``sigma^2`` over some axes, in two passes; 0 where ``n`` is."""
    if counted is None:
        values = 1
        for a in axes:
            values = values * ops.shape(x)[a]
        n = ops.reshape(ops.cast(values, x.dtype), [1] * len(x.shape))
    else:
        n = ops.sum(ops.cast(counted, x.dtype), axes, keepdims=True)
    n = total(n)

    def mean(values: Any) -> Any:
        if counted is not None:
            values = ops.where(counted, values, 0)
        return total(ops.sum(values, axes, keepdims=True)) / at_least_one(n)

    mu = mean(x)
    return n, mu, mean(ops.square(x - mu))


def at_least_one(n: Any) -> Any:
    """``max(n, 1)`` of a count, in its own type: ``ops.maximum`` is float32 on torch."""
    return ops.where(n > 0, n, 1)


def infer(
    x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, axis: int, epsilon: float
) -> Any:
    """Normalize by statistics that are given, of shape ``(channels,)``."""
    _, column = across(x, axis)
    scale = gamma * inverse_root(variance, epsilon)
    return (x - column(mean)) * column(scale) + column(beta)


def inverse_root(variance: Any, epsilon: float) -> Any:
    """``1 / sqrt(variance + epsilon)``; 0 for a constant channel where epsilon is 0."""
    if epsilon:
        return ops.rsqrt(variance + epsilon)
    return ops.where(variance > 0, ops.rsqrt(ops.where(variance > 0, variance, 1)), 0)


def across(x: Any, axis: int) -> tuple[list[int], Callable[[Any], Any]]:
    """The axes that statistics run over, and how a vector of channels is laid along the others."""
    rank = len(x.shape)
    axes = [a for a in range(rank) if a != axis % rank]
    shape = [1 if a in axes else -1 for a in range(rank)]
    return axes, lambda vector: ops.reshape(vector, shape)
