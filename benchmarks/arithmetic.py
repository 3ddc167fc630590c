"""Floating-point operations of training, counted, and how many a core can do in a second.

Seconds are the processor's, so that other work on the cores does not count.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from keras import ops

from normlayers.ensembles.backend_programs import compiled
from normlayers.ensembles.side_by_side import GoOn, side_by_side

# Of an optimizer's update of a weight, a root and a division as one operation each.
OF_A_WEIGHT = {"rmsprop": 9, "adam": 12}
MATRIX = 2048
# The vectors: in a core's first cache, as the arrays of a chunk of small networks.
VECTORS = (16, 256)
PAIRS, TURNS = 4, 20_000


def operations(sizes: tuple[int, ...], optimizer: str, points: int, steps: int) -> int:
    """Operations of an epoch of one network: forward, backward and the optimizer.

    A multiplication, an addition, a comparison, a choice, a division, a root and an exponential
    count as one each.

    Args:
        sizes: of the input, the hidden layers (ReLU) and the output (logits; one of two classes).
        optimizer: a name in ``OF_A_WEIGHT``.
        points: of the data.
        steps: of the epoch.
    """
    products = sum(2 * before * after for before, after in pairwise(sizes))
    hidden, outputs = sum(sizes[1:-1]), sizes[-1]
    of_a_point = 3 * products - 2 * sizes[0] * sizes[1]  # no gradient of the data
    of_a_point += 2 * (hidden + outputs)  # biases
    of_a_point += 3 * hidden  # max; comparison and choice
    of_a_point += 5 if outputs == 1 else 6 * outputs  # the gradient of the cross-entropy
    weights = sum((before + 1) * after for before, after in pairwise(sizes))
    return points * of_a_point + steps * weights * OF_A_WEIGHT[optimizer]


def matrix_rate() -> float:
    """Operations of a core in a second of a float32 matrix product, which all of them share."""
    matrix = ops.convert_to_tensor(np.random.default_rng(0).random((MATRIX, MATRIX), "float32"))
    return (
        2
        * MATRIX**3
        / median_seconds(lambda _: ops.convert_to_numpy(ops.matmul(matrix, matrix)[0]))
    )


def elementwise_rate() -> float:
    """Additions and comparisons of a core in a second, of float32 vectors in its cache.

    No two of them are one instruction, unlike a multiplication and an addition.
    """

    def turn(_: Any, carried: tuple[Any, Any]) -> tuple[Any, Any]:
        x, step = carried
        for _ in range(PAIRS):
            x = ops.maximum(x + step, -step)
        return x, step

    program = compiled(lambda x, step: ops.fori_loop(0, TURNS, turn, (x, step))[0])
    threads = os.cpu_count() or 1
    vectors, step = ops.ones(VECTORS), ops.convert_to_tensor(np.float32(-1e-3))

    def task(_: int, go_on: GoOn) -> Any:
        return ops.convert_to_numpy(program(vectors, step))

    seconds = median_seconds(lambda _: list(side_by_side(task, range(threads))))
    return threads * TURNS * PAIRS * 2 * float(np.prod(VECTORS)) / seconds


def median_seconds(work: Callable[[int], object], rounds: int = 5) -> float:
    """Median of the processor's seconds, of all threads together.

    Args:
        work: is given the number of the round, from 0 on; round 0 is not counted.
        rounds: that are counted.
    """
    work(0)
    seconds = []
    for number in range(1, rounds + 1):
        started = time.process_time()
        work(number)
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)
