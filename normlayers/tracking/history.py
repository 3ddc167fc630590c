"""Scalars kept from one observation to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class History:
    """Keeps numbers by name, observation after observation.

    Example:
        >>> history = History()
        >>> history.add({"step": 0})
        >>> history.add({"step": 1, "loss": 0.5})
        >>> history.arrays()["loss"].tolist()
        [nan, 0.5]
    """

    def __init__(self) -> None:
        self._values: dict[str, list[Any]] = {}
        self._observations = 0

    def add(self, values: Mapping[str, float]) -> None:
        """Add an observation; NaN for what it, or those before it, do not have."""
        for name in {**self._values, **values}:
            kept = self._values.setdefault(name, [float("nan")] * self._observations)
            kept.append(values.get(name, float("nan")))
        self._observations += 1

    def arrays(self) -> dict[str, Array]:
        """By name, arrays of shape ``(observations,)``."""
        return {name: np.array(values) for name, values in self._values.items()}
