"""A data set of points and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class DataSet:
    """Points and their classes.

    Attributes:
        x: shape ``(points, features)``, float32.
        y: integer classes from 0, shape ``(points,)``.
        features: the names of the features.
        bound: the largest value that any feature can have, where the data's source gives one.
    """

    x: Array
    y: Array
    features: Sequence[str]
    bound: float | None = None
