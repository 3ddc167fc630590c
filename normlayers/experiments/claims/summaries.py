"""How results.json tells what many networks have of a measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def distribution(values: npt.NDArray[Any]) -> dict[str, Any]:
    """Mean and ``QUANTILES`` of the values that are finite; both ``None`` where none is.

    Example:
        >>> distribution(np.array([1.0, 2.0, 3.0, np.inf]))["mean"]
        2.0
    """
    values = values[np.isfinite(values)].astype(float)
    if not len(values):
        return {"mean": None, "quantiles": None}
    return {
        "mean": float(values.mean()),
        "quantiles": [float(q) for q in np.quantile(values, QUANTILES)],
    }
