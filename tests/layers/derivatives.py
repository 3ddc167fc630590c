"""Gradients by the active backend's own differentiation, and by NumPy's complex numbers."""

import contextlib

import keras
import numpy as np

BACKEND = keras.backend.backend()


@contextlib.contextmanager
def float64():
    """JAX has float64 only where it is asked for."""
    if BACKEND != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", False)


def gradients(function, arguments, g, compiled=False):
    """Gradients of ``sum(g * function(*arguments))`` with respect to each argument, in NumPy."""
    tensors = [keras.ops.convert_to_tensor(a) for a in arguments]
    g = keras.ops.convert_to_tensor(g)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        def run(*tensors):
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                y = function(*tensors)
            return tape.gradient(y, tensors, output_gradients=g)

        found = (tf.function(run) if compiled else run)(*tensors)
    elif BACKEND == "jax":
        import jax

        def run(*tensors):
            return jax.vjp(function, *tensors)[1](g)

        found = (jax.jit(run) if compiled else run)(*tensors)
    else:
        import torch

        tensors = [t.detach().requires_grad_() for t in tensors]
        found = torch.autograd.grad(function(*tensors), tensors, g)
    if BACKEND == "torch":
        found = [d.detach() for d in found]
    return [keras.ops.convert_to_numpy(d) for d in found]


def complex_step(function, arguments, g, step=1e-30):
    """The same of an analytic NumPy function, value by value and exact to rounding.

    A finite difference along the imaginary axis, which subtracts nothing: Squire & Trapp (1998),
    "Using Complex Variables to Estimate Derivatives of Real Functions".
    """
    found = []
    for which, argument in enumerate(arguments):
        slopes = np.zeros(argument.shape)
        for position in np.ndindex(argument.shape):
            moved = [a.astype(complex) for a in arguments]
            moved[which][position] += 1j * step
            slopes[position] = (g * function(*moved)).sum().imag / step
        found.append(slopes)
    return found


def relative_error(found, exact, terms=0.0):
    """Largest error as a share of the largest value, or of the terms that values are sums of."""
    return np.abs(found - exact).max() / max(np.abs(exact).max(), np.abs(terms).max())
