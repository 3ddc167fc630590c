"""The correction that makes a small batch's normalization that of the moving statistics.

Source: Ioffe (2017), "Batch Renormalization: Towards Reducing Minibatch Dependence in
Batch-Normalized Models", algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops

LIMITS = ("rmin", "rmax", "dmax")


def check(limits: Mapping[str, float], momentum: float) -> None:
    """Refuse limits and a momentum that mean nothing.

    A limit of ``None`` does not limit, as one that is not there.

    Raises:
        ValueError: a limit is unknown, negative, or ``rmin`` is above ``rmax``; the momentum is
            not in [0, 1].
    """
    unknown = sorted(set(limits) - set(LIMITS))
    if unknown:
        raise ValueError(
            f"renorm_clipping has the keys {', '.join(LIMITS)}. Received: {', '.join(unknown)}."
        )
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    negative = sorted(name for name, limit in limits.items() if not limit >= 0)
    if negative:
        raise ValueError(
            f"renorm_clipping[{negative[0]!r}] must not be negative. "
            f"Received: {limits[negative[0]]!r}."
        )
    if limits.get("rmin", 0) > limits.get("rmax", float("inf")):
        raise ValueError(
            "renorm_clipping must have rmin <= rmax. "
            f"Received: rmin={limits['rmin']!r}, rmax={limits['rmax']!r}."
        )
    if not 0 <= momentum <= 1:
        raise ValueError(
            f"renorm_momentum must be in [0, 1]. Received: renorm_momentum={momentum!r}."
        )


def correction(
    mu: Any, sigma: Any, renorm_mean: Any, renorm_sigma: Any, limits: Mapping[str, float]
) -> tuple[Any, Any]:
    """``r`` and ``d``, for which ``r * x_hat + d`` is normalized by the moving statistics.

    Both count as constants in the backward. A limit that is not there does not limit.
    """
    # A channel that has always been constant has nothing to be divided by.
    known = renorm_sigma > 0
    per_sigma = ops.where(known, 1 / ops.where(known, renorm_sigma, 1), 0)
    r, d = sigma * per_sigma, (mu - renorm_mean) * per_sigma
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    r = ops.clip(r, limits.get("rmin", 0.0), limits.get("rmax", float("inf")))
    d = ops.clip(d, -limits.get("dmax", float("inf")), limits.get("dmax", float("inf")))
    return ops.stop_gradient(r), ops.stop_gradient(d)
