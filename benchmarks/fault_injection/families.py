"""The healthy networks: a task, its preparation, and a recipe each.

Thresholds are set on the families in ``TUNING`` and reported on the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.fault_injection.recipes import Recipe
from benchmarks.fault_injection.tasks import TASKS, Task, standardized, with_unit_targets


def scaled_by(factor: float) -> Callable[[Task], Task]:
    return lambda task: with_unit_targets(task.each_x(lambda x: x * factor))


def to_unit_range(task: Task) -> Task:
    """Each feature from 0 to 1."""
    low, high = task.x[0].min(0), task.x[0].max(0)
    return task.each_x(lambda x: (x - low) / np.where(high > low, high - low, 1))


@dataclass(frozen=True)
class Family:
    """A healthy network.

    Args:
        task: a name of ``TASKS``.
        prepare: what is done to its rows before the network gets them.
        recipe: the network and its training.
        reaches: accuracy, or R squared, on held-out rows that shows it to train.
    """

    task: str
    prepare: Callable[[Task], Task]
    recipe: Recipe
    reaches: float

    def data(self, seed: int) -> Task:
        """The rows that the network gets."""
        return self.prepare(TASKS[self.task](seed))


FAMILIES = {
    # Dense
    "digits_relu": Family("digits", scaled_by(1 / 16), Recipe(widths=(32, 16)), 0.85),
    "digits_gelu_normalized": Family(
        "digits",
        scaled_by(1 / 16),
        Recipe(widths=(32, 16), activation="gelu", normalization="before", apart=True),
        0.85,
    ),
    "digits_rescaled_inside": Family(
        "digits", scaled_by(1), Recipe(widths=(32,), front="rescale", loss="logits"), 0.85
    ),
    "digits_normalized_after": Family(
        "digits",
        scaled_by(1 / 16),
        Recipe(widths=(24, 24), normalization="after", dropout=0.1, keras_normalization=True),
        0.85,
    ),
    "wine_tanh_adapted": Family(
        "wine",
        lambda task: task,
        Recipe(activation="tanh", front="standardize", loss="one_hot"),
        0.85,
    ),
    "wine_relu_apart": Family("wine", standardized, Recipe(apart=True, epochs=20), 0.85),
    "wine_sgd": Family(
        "wine", standardized, Recipe(optimizer="SGD", learning_rate=0.1, activation="elu"), 0.85
    ),
    "cancer_sigmoid": Family(
        "cancer", standardized, Recipe(widths=(12,), activation="sigmoid", loss="binary"), 0.9
    ),
    "cancer_dropout_logits": Family(
        "cancer", standardized, Recipe(dropout=0.2, loss="binary_logits", apart=True), 0.9
    ),
    "cancer_keras_adapted": Family(
        "cancer",
        lambda task: task,
        Recipe(
            widths=(16, 8),
            front="standardize",
            keras_normalization=True,
            normalization="before",
            loss="binary",
        ),
        0.9,
    ),
    "iris_min_max": Family(
        "iris",
        lambda task: task,
        Recipe(widths=(16,), activation="tanh", front="min_max", epochs=30),
        0.8,
    ),
    "iris_unit_range": Family("iris", to_unit_range, Recipe(epochs=30), 0.8),
    "circles_tanh": Family(
        "circles", standardized, Recipe(activation="tanh", loss="binary", epochs=25), 0.9
    ),
    "circles_deep_relu": Family(
        "circles",
        standardized,
        Recipe(widths=(16, 16, 16, 16), loss="binary", apart=True, kernel="he_normal"),
        0.9,
    ),
    "moons_normalized": Family(
        "moons",
        standardized,
        Recipe(widths=(16, 16), normalization="before", loss="binary", batch_size=64, epochs=25),
        0.85,
    ),
    "moons_leaky": Family(
        "moons",
        standardized,
        Recipe(
            activation="leaky_relu", loss="binary_logits", optimizer="RMSprop", learning_rate=0.005
        ),
        0.8,
    ),
    # Regression
    "diabetes_relu": Family(
        "diabetes", standardized, Recipe(widths=(16,), loss="mse", learning_rate=0.003), 0.25
    ),
    "diabetes_tanh_apart": Family(
        "diabetes",
        standardized,
        Recipe(widths=(8,), activation="tanh", loss="mae", apart=True, learning_rate=0.005),
        0.25,
    ),
    "friedman_gelu": Family(
        "friedman", standardized, Recipe(activation="gelu", loss="mse", epochs=20), 0.7
    ),
    "friedman_normalized": Family(
        "friedman",
        standardized,
        Recipe(normalization="before", activation="tanh", loss="mse", epochs=25),
        0.7,
    ),
    # Two inputs
    "friedman_two_inputs": Family(
        "friedman_in_two", standardized, Recipe(loss="mse", epochs=25), 0.7
    ),
    "wine_two_inputs": Family(
        "wine_in_two", standardized, Recipe(apart=True, activation="silu", epochs=20), 0.85
    ),
    # Convolutions
    "digits_conv": Family(
        "digit_images", scaled_by(1 / 16), Recipe("conv", (8, 8), epochs=20), 0.8
    ),
    "digits_conv_normalized": Family(
        "digit_images",
        scaled_by(1 / 16),
        Recipe("conv", (8, 8), normalization="before", dropout=0.2, apart=True, epochs=15),
        0.8,
    ),
    "waves_conv": Family("three_speeds", standardized, Recipe("conv1d", (12, 12), epochs=25), 0.75),
    # Recurrent
    "waves_lstm": Family(
        "slow_or_fast", standardized, Recipe("lstm", (12,), None, loss="binary", epochs=25), 0.8
    ),
    "waves_gru": Family("next_value", standardized, Recipe("gru", (12, 8), loss="mse"), 0.5),
    "waves_rnn": Family(
        "next_value", standardized, Recipe("rnn", (12,), None, loss="mse", learning_rate=0.005), 0.5
    ),
}

TUNING = frozenset(
    {
        "digits_relu",
        "digits_gelu_normalized",
        "digits_rescaled_inside",
        "wine_tanh_adapted",
        "wine_relu_apart",
        "cancer_sigmoid",
        "cancer_keras_adapted",
        "iris_unit_range",
        "circles_tanh",
        "moons_leaky",
        "diabetes_relu",
        "friedman_normalized",
        "friedman_two_inputs",
        "digits_conv",
        "waves_lstm",
    }
)
