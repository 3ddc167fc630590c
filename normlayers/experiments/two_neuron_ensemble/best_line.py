"""The most that a straight line can tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DIRECTIONS_AT_ONCE = 1000


def best_line_accuracy(x: Array, y: Array) -> float:
    """The accuracy of the line that is most accurate on these points, whatever it is fitted for.

    The order in which points lie along a direction changes only where two of them lie level. Of
    each order between such directions every cut is tried, so no line is left out.

    Args:
        x: the points, no two alike, shape ``(points, 2)``.
        y: their labels, 0 or 1, shape ``(points,)`` or ``(points, 1)``.

    Example:
        >>> corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> best_line_accuracy(corners, np.array([0, 1, 1, 0]))  # exclusive or
        0.75
    """
    x, labels = np.asarray(x, float), np.asarray(y).reshape(-1) > 0.5
    first, second = np.triu_indices(len(x), 1)
    along = x[second] - x[first]
    level = np.unique(np.arctan2(along[:, 1], along[:, 0]) % np.pi)
    between = (level + np.append(level[1:], level[0] + np.pi)) / 2 if len(level) else np.zeros(1)
    best = 0
    for some in np.array_split(between, -(-len(between) // DIRECTIONS_AT_ONCE)):
        # Across the direction in which points lie level.
        height = np.stack([-np.sin(some), np.cos(some)], axis=1) @ x.T
        above = labels[np.argsort(height, axis=1)]
        # Ones below each cut and zeros above it are wrong; the line turned round has them right.
        wrong = np.cumsum(above, axis=1) + (~labels).sum() - np.cumsum(~above, axis=1)
        best = max(best, int(wrong.max()), len(x) - int(wrong.min()), int((~labels).sum()))
    return best / len(x)
