"""Statistics that move a little with every batch."""

from __future__ import annotations

import math
from typing import Any

from keras import ops


def move(moving: Any, batch: Any, keep: Any, n: Any) -> None:
    """Move a weight by the statistic of a batch: ``keep * moving + (1 - keep) * batch``.

    Args:
        moving: the weight, shape ``(channels,)``.
        batch: as many values, in any shape.
        keep: a share in [0, 1].
        n: how many values the statistic is of, one number or one a channel; of none it moves
            nothing.
    """
    old = ops.convert_to_tensor(moving)
    moved = old * keep + ops.reshape(batch, moving.shape) * (1.0 - keep)
    moving.assign(ops.where(ops.reshape(n, (-1,)) > 0, moved, old))


def kept_share(momentum: float, n: Any, steps: Any = None, dtype: str = "float32") -> Any:
    """How much of the moving statistics a step keeps: ``momentum``, or less to debias them.

    After ``t`` steps the batches weigh ``(1 - m) m^i``, together ``1 - m^t``, and the start
    ``m^t``. Adam divides by the one after it has taken the other away; a step that keeps
    ``1 - (1 - m) / (1 - m^t)`` comes to the same, and needs to know no start.

    Args:
        momentum: ``m``, in [0, 1].
        n: how many values the batch has; of none it is no step.
        steps: the weight that counts steps, counted up here; ``None`` not to debias.
        dtype: the type of the statistics.

    Source: Kingma & Ba (2015), "Adam: A Method for Stochastic Optimization", section 3.
    """
    if steps is None:
        return momentum
    steps.assign(steps + ops.cast(ops.max(n) > 0, steps.dtype))
    t = ops.cast(ops.maximum(steps, 1), dtype)
    if momentum in (0, 1):  # the limit: the last batch alone, the average of all
        return 0.0 if momentum == 0 else 1 - 1 / t
    return 1 + (1 - momentum) / ops.expm1(t * math.log(momentum))
