"""Scalars kept from one observation to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.tracking.tracker_arguments import check_flag

Array = npt.NDArray[Any]


class History:
    """Keeps numbers by name, step after step.

    Args:
        keep: whether to; else it stays empty.

    Raises:
        ValueError: ``keep`` is not a boolean; it is called by the tracker's argument.

    Example:
        >>> history = History(keep=True)
        >>> history.add({"step": 0})
        >>> history.add({"step": 1, "loss": 0.5})
        >>> history.arrays()["loss"].tolist()
        [nan, 0.5]
    """

    def __init__(self, keep: bool) -> None:
        check_flag("keep_history", keep)
        self._keep = keep
        self._values: dict[str, list[Any]] = {}
        self._ended = False

    def add(self, values: Mapping[str, float]) -> None:
        """Add an observation, or what is measured again at the last one's ``step``."""
        if not self._keep:
            return
        if self._ended:
            self._values, self._ended = {}, False
        steps = self._values.setdefault("step", [])
        if not steps or steps[-1] != values["step"]:
            for kept in self._values.values():
                kept.append(float("nan"))
        for name, value in values.items():
            self._values.setdefault(name, [float("nan")] * len(steps))[-1] = value

    def end(self) -> None:
        """Expect another run: what is added next is its first observation."""
        self._ended = True

    def arrays(self) -> dict[str, Array]:
        """By name, arrays of shape ``(steps,)``; NaN for what was not measured at a step."""
        return {name: np.array(values) for name, values in self._values.items()}
