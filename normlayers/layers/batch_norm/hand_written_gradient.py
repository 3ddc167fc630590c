"""A function whose derivative is written by hand, on every Keras backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Forward = Callable[..., tuple[tuple[Any, ...], tuple[Any, ...]]]
Backward = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]


def with_backward(forward: Forward, backward: Backward) -> Callable[..., tuple[Any, ...]]:
    """A function that computes ``forward`` and is differentiated by ``backward``.

    Only what ``forward`` keeps lives on until ``backward``; on torch, and on TensorFlow's eager
    tapes, its arguments too, from which second derivatives are computed anew. Those are of the two
    functions as they are written. There is no forward-mode differentiation on JAX, and no
    ``torch.func``.

    Args:
        forward: takes tensors and returns ``(outputs, kept)``, both tuples of tensors.
        backward: takes ``kept`` and the gradient of the first output, and returns the gradient of
            each of ``forward``'s arguments; ``None`` for one that has none. The other outputs
            pass no gradient on.

    Returns:
        A function from tensors to ``outputs``.

    Example:
        >>> double = with_backward(lambda x: ((2 * x,), ()), lambda kept, g: (2 * g,))
        >>> keras.ops.convert_to_numpy(double(keras.ops.ones(1))[0]).tolist()
        [2.0]
    """
    hook = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    return hook(forward, backward)


def _tensorflow(forward: Forward, backward: Backward) -> Callable[..., tuple[Any, ...]]:
    import tensorflow as tf

    def forward_with_gradient(*args: Any) -> Any:
        eager = tf.executing_eagerly()
        # Else an eager tape would write down, and keep, every step of the forward.
        outputs, kept = forward(*(map(tf.stop_gradient, args) if eager else args))

        def gradient(g: Any, *_: Any) -> tuple[Any, ...]:
            if eager:  # a second derivative may be wanted, of `kept` too
                return backward(forward(*args)[1], g)
            # What the backward recomputes from `kept` alone would otherwise run, and fill the
            # memory, in the forward pass already.
            with tf.control_dependencies([g]):
                return backward(kept, g)

        return outputs, gradient

    function = tf.custom_gradient(forward_with_gradient)
    return lambda *args: function(*map(tf.convert_to_tensor, args))  # no variables


def _jax(forward: Forward, backward: Backward) -> Callable[..., tuple[Any, ...]]:
    import jax

    # keras.ops.custom_gradient takes no None on JAX, and a zero instead would be computed with.
    function = jax.custom_vjp(lambda *args: forward(*args)[0])
    function.defvjp(forward, lambda kept, gradients: backward(kept, gradients[0]))
    return function


def _torch(forward: Forward, backward: Backward) -> Callable[..., tuple[Any, ...]]:
    import torch

    # keras.ops.custom_gradient takes one output on torch, and no second derivative of it is right.
    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, *args: Any) -> Any:
            outputs, kept = forward(*args)
            context.save_for_backward(*args, *kept)
            context.number_of_args = len(args)
            context.mark_non_differentiable(*outputs[1:])
            return outputs

        @staticmethod
        def backward(context: Any, g: Any, *_: Any) -> Any:
            saved = context.saved_tensors
            args, kept = saved[: context.number_of_args], saved[context.number_of_args :]
            if torch.is_grad_enabled():  # a second derivative is wanted, of `kept` too
                kept = forward(*args)[1]
            return backward(kept, g)

    return lambda *args: Function.apply(*(ops.convert_to_tensor(arg) for arg in args))
