"""What each backend does in its own way: to compile a program, and to differentiate one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from normlayers.ensembles.dense_networks import Weights


def compiled(function: Callable[..., Any], often: bool = True) -> Callable[..., Any]:
    """The function compiled by XLA; on torch, which has none, as it is.

    Args:
        function: of tensors.
        often: whether it is called so often that XLA, which compiles for seconds, is worth its
            time; otherwise TensorFlow makes a graph of it only.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=often, autograph=False)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def written_side_by_side(arrays: Sequence[Any]) -> Any:
    """``ops.stack(arrays, axis=1)``, each array written to its place by a loop of its own.

    Of a stack XLA makes one loop that asks at every element which array it is of; gathered
    arrays take three times as long then.
    """
    if keras.backend.backend() == "torch":  # which would copy all of them for each
        return ops.stack(arrays, axis=1)
    rows, *rest = arrays[0].shape
    together = ops.zeros((rows, len(arrays), *rest), arrays[0].dtype)
    for number, array in enumerate(arrays):
        start = (0, number, *(0 for _ in rest))
        together = ops.slice_update(together, start, ops.expand_dims(array, 1))
    return together


def gradients_of(loss: Callable[[Weights], tuple[Any, Any]], trained: Weights) -> tuple[Any, Any]:
    """Gradients of a loss by the backend's automatic differentiation.

    Args:
        loss: takes the weights; returns a scalar, and what else it found: arrays, nested.
        trained: the weights.

    Returns:
        the gradients, as ``trained``, and what else the loss found.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(trained)
            total, found_beside = loss(trained)
        return tape.gradient(total, trained), found_beside
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(loss, has_aux=True)(trained)
    return _torch_gradients(loss, trained)


def _torch_gradients(loss: Callable[[Weights], tuple[Any, Any]], trained: Weights) -> Any:
    import torch

    leaves = [{n: a.detach().requires_grad_() for n, a in layer.items()} for layer in trained]
    with torch.enable_grad():
        total, found_beside = loss(leaves)
        found = iter(torch.autograd.grad(total, [a for layer in leaves for a in layer.values()]))
    gradients = [{n: next(found) for n in layer} for layer in leaves]
    return gradients, keras.tree.map_structure(lambda a: a.detach(), found_beside)
