"""The correction that makes a small batch's normalization that of the moving statistics.

Source: Ioffe (2017), "Batch Renormalization: Towards Reducing Minibatch Dependence in
Batch-Normalized Models", algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import ops


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

    def limit(name: str, default: float) -> Any:
        value = limits.get(name)
        # On torch a plain number would be rounded to float32.
        return ops.convert_to_tensor(default if value is None else value, sigma.dtype)

    most = limit("dmax", float("inf"))
    r = ops.clip(r, limit("rmin", 0.0), limit("rmax", float("inf")))
    d = ops.clip(d, -most, most)
    return ops.stop_gradient(r), ops.stop_gradient(d)
