"""Draws a model's initial weights from a generator that nothing else draws from."""

from __future__ import annotations

import random
from typing import Any

import keras


def draw_initial_weights(model: Any, seed: int) -> None:
    """Give Dense layers the kernels that they have when built after ``set_random_seed(seed)``.

    Keras seeds initializers from Python's generator, which belongs to the process: where another
    thread draws from it too, as Dask's do, a model built there has other weights.

    Args:
        model: built, with default kernels and biases; its Dense layers are in the order in which
            they were made.
        seed: of the weights.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> draw_initial_weights(model, 5)
        >>> found = model.get_weights()[0]
        >>> keras.utils.set_random_seed(5)
        >>> same = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> np.array_equal(same.get_weights()[0], found)
        True
    """
    seeds = random.Random(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            initializer = keras.initializers.GlorotUniform(seeds.randint(1, 10**9))
            layer.kernel.assign(initializer(layer.kernel.shape, layer.kernel.dtype))
