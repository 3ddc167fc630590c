"""Keras's ``fit`` on few points: one of its steps is a whole pass over them, in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy.typing as npt

Array = npt.NDArray[Any]


def fit_in_passes(
    model: Any,
    x: Array,
    y: Array,
    batch_size: int,
    passes: int,
    passes_per_epoch: int = 1,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Train a model as ``fit`` does, on batches shuffled anew for each pass over the data.

    ``fit`` costs a millisecond a call and 0.05 ms a step even where a call makes many steps, most
    of it to fetch a batch. On TensorFlow a pass is therefore fetched whole, and XLA compiles all
    of its steps, the same in the same order, into one loop: 0.008 ms a step. Other backends fetch
    every batch.

    Args:
        model: compiled.
        x: shape ``(points, ...)``.
        y: shape ``(points, outputs)``.
        batch_size: points in a step; a pass's last batch has what is left.
        passes: over the data, a multiple of ``passes_per_epoch``.
        passes_per_epoch: passes in what Keras, and its callbacks, call an epoch; but on torch they
            run without coming back to Python.
        seed: of the shuffling.
        callbacks: Keras's.

    Raises:
        ValueError: ``passes`` is no multiple of ``passes_per_epoch``.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> import numpy as np
        >>> model.compile(loss="mse")
        >>> fit_in_passes(model, np.zeros((7, 2), "float32"), np.zeros((7, 1)), 4, passes=3)
        >>> int(model.optimizer.iterations)
        6
    """
    if passes % passes_per_epoch:
        raise ValueError(
            "passes must be a multiple of passes_per_epoch. "
            f"Received: passes={passes}, passes_per_epoch={passes_per_epoch}"
        )
    is_whole = keras.backend.backend() == "tensorflow"
    steps = passes_per_epoch * (1 if is_whole else math.ceil(len(x) / batch_size))
    if keras.backend.backend() != "torch":  # which makes one step at a time
        # As arguments of `compile`.
        model.steps_per_execution, model.jit_compile = steps, True
    if is_whole:
        # Keras compiles what it finds here when `fit` begins.
        model.train_step = _step_of_a_pass(model.train_step, batch_size)
    try:
        model.fit(
            _shuffled(x, y, len(x) if is_whole else batch_size, seed),
            epochs=passes // passes_per_epoch,
            steps_per_epoch=steps,
            shuffle=False,  # the data set shuffles itself
            verbose=0,
            callbacks=list(callbacks),
        )
    finally:
        if is_whole:
            del model.train_step
            model.train_function = None


def _shuffled(x: Array, y: Array, batch_size: int, seed: int) -> Any:
    """Endless batches, shuffled anew for each pass; no batch spans two passes."""
    import tensorflow as tf  # the fastest source of steps whatever the backend

    points = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=seed)
    # A pass's shape is to be known where the steps are compiled.
    batches = points.batch(batch_size, drop_remainder=batch_size == len(x)).repeat()
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread can take two seconds to stop
    return batches.with_options(options)


def _step_of_a_pass(step: Callable[[Any], Any], batch_size: int) -> Callable[[Any], Any]:
    """A training step on all points, made of steps on batches of them."""
    import tensorflow as tf

    def step_of_a_pass(data: tuple[Any, Any]) -> Any:
        # Traced once for batches of any size, which XLA then knows.
        sizes = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in data]
        step_on_batch = tf.function(lambda *batch: step(batch), sizes, autograph=False)
        # All batches but the last, which may be smaller, have one shape.
        full = (data[0].shape[0] - 1) // batch_size
        rest = full * batch_size
        if not full:
            return step_on_batch(*data)
        batches = [tf.reshape(part[:rest], (full, batch_size, *part.shape[1:])) for part in data]

        def next_batch(number: Any) -> Any:
            step_on_batch(*(part[number] for part in batches))
            return number + 1

        tf.while_loop(lambda number: number < full, next_batch, [tf.constant(0)])
        return step_on_batch(*(part[rest:] for part in data))

    return step_of_a_pass
