"""What batch-normalization statistics are worth: accuracies of one network with several of them.

Measured by ``inference.py``; nothing to run here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split

import normlayers as nl
from normlayers.experiments.data.digits import digits

Array = npt.NDArray[Any]
Statistics = list[tuple[Array, Array]]
STEPS, AVERAGED_STEPS, SNAPSHOTS = 50, 400, 10
RATE = 0.05


def accuracies(batch: int, seeds: int, averaged: bool) -> dict[str, float]:
    """Mean test accuracy by the statistics that the network has.

    Args:
        batch: the batch size of the training, and of ``update_bn``'s pass.
        seeds: the number of networks.
        averaged: whether the weights are the mean of those at ``SNAPSHOTS`` later steps.
    """
    data = digits()
    x, x_test, y, y_test = train_test_split(data.x, data.y, test_size=500, random_state=0)
    model = network()
    model.compile(keras.optimizers.SGD(RATE), "sparse_categorical_crossentropy")
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        model.set_weights(network().get_weights())
        batches = [(x[rows], y[rows]) for rows in in_batches(len(x), batch, seed)]
        train(model, batches, averaged)
        for name, statistics in contestants(model, [b for b, _ in batches], x).items():
            set_statistics(model, statistics)
            predicted = np.argmax(model.predict_on_batch(x_test), axis=-1)
            found.setdefault(name, []).append(float(np.mean(predicted == y_test)))
    return {name: float(np.mean(values)) for name, values in found.items()}


def network() -> keras.Model:
    """Two hidden layers, each with batch normalization before its ReLU."""
    parts: list[Any] = [keras.Input((64,)), keras.layers.Rescaling(1 / 16)]
    for _ in range(2):
        parts += [keras.layers.Dense(64, use_bias=False), nl.BatchNormalization(activation="relu")]
    return keras.Sequential([*parts, keras.layers.Dense(10, activation="softmax")])


def in_batches(rows: int, batch: int, seed: int) -> list[Array]:
    """Shuffled row numbers in whole batches."""
    order = np.random.default_rng(seed).permutation(rows)
    return list(order[: rows - rows % batch].reshape(-1, batch))


def train(model: Any, batches: Sequence[tuple[Array, Array]], averaged: bool) -> None:
    """Train for so many steps; leave the last weights, or the mean of some of them."""
    snapshots = []
    steps = AVERAGED_STEPS if averaged else STEPS
    for step in range(steps):
        model.train_on_batch(*batches[step % len(batches)])
        if averaged and step >= steps // 2 and (step + 1) % (steps // 2 // SNAPSHOTS) == 0:
            snapshots.append(model.get_weights())
    if averaged:
        model.set_weights([np.mean(weights, axis=0) for weights in zip(*snapshots, strict=True)])


def contestants(model: Any, batches: Sequence[Array], x: Array) -> dict[str, Statistics]:
    """The statistics that are compared."""
    found = {"as trained": statistics_of(model)}
    found["update_bn"] = averages(model, batches)
    nl.recalibrate(model, batches, layerwise=False)
    found["recalibrated, one pass"] = statistics_of(model)
    nl.recalibrate(model, x)
    found["recalibrated"] = statistics_of(model)
    found["whole data, float64"] = of_whole_data(model, x)
    return found


def statistics_of(model: Any) -> Statistics:
    """Mean and variance of each batch normalization."""
    return [(np.array(n.moving_mean), np.array(n.moving_variance)) for _, n in hidden(model)]


def set_statistics(model: Any, statistics: Statistics) -> None:
    for (_, normalization), (mean, variance) in zip(hidden(model), statistics, strict=True):
        normalization.moving_mean.assign(mean)
        normalization.moving_variance.assign(variance)


def hidden(model: Any) -> Iterator[tuple[Any, Any]]:
    """Each Dense layer that is normalized, and its normalization."""
    yield from zip(model.layers[1:-1:2], model.layers[2:-1:2], strict=True)


def averages(model: Any, batches: Sequence[Array]) -> Statistics:
    """``update_bn``'s: the mean over batches of each batch's mean and unbiased variance.

    In training mode: deeper layers see batches that were normalized by their own statistics.
    """
    return _through(model, np.stack(batches), of_batches=True)


def of_whole_data(model: Any, x: Array) -> Statistics:
    """Brute force: layer by layer, of all the data at once."""
    return _through(model, x[np.newaxis], of_batches=False)


def _through(model: Any, x: Array, of_batches: bool) -> Statistics:
    found = []
    x = x.astype(np.float64) / 16
    n = x.shape[1]
    for dense, normalization in hidden(model):
        x = x @ np.array(dense.kernel, np.float64)
        mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        unbiased = variance * (n / (n - 1) if of_batches else 1)
        found.append((mean.mean(axis=(0, 1)), unbiased.mean(axis=(0, 1))))
        x = (x - mean) / np.sqrt(variance + normalization.epsilon)
        gamma, beta = (np.array(w, np.float64) for w in (normalization.gamma, normalization.beta))
        x = np.maximum(x * gamma + beta, 0)
    return found
