"""A plane through points of many features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Plane:
    """A plane with coordinates.

    Attributes:
        origin: the point of coordinates (0, 0), shape ``(features,)``.
        axes: two orthonormal directions, shape ``(2, features)``.
        axis_labels: names of the coordinates.
    """

    origin: Array
    axes: Array
    axis_labels: tuple[str, str]

    def project(self, points: Array) -> Array:
        """Coordinates of the points' projections, shape ``(points, 2)``."""
        return (points - self.origin) @ self.axes.T

    def lift(self, coordinates: Array) -> Array:
        """The points of the plane with these coordinates, shape ``(points, features)``."""
        return self.origin + coordinates @ self.axes


def eigenvectors(rows: Array) -> Array:
    """Of the matrix of rows' products, orthonormal, one a column; that of the largest value last.

    Args:
        rows: shape ``(rows, columns)``.
    """
    return np.linalg.eigh(rows @ rows.T)[1]


def principal_plane(points: Array, eigenvectors: Callable[[Array], Array] = eigenvectors) -> Plane:
    """The plane in which points of shape ``(points, features)`` vary most.

    It goes through their mean, along their first two principal components.

    Args:
        points: shape ``(points, features)``.
        eigenvectors: ``eigenvectors``, or what does the same elsewhere.

    Raises:
        ValueError: the points lie on a line.

    Example:
        >>> plane = principal_plane(np.array([[0.0, 0, 0], [2.0, 0, 0], [1.0, 1, 0]]))
        >>> plane.lift(plane.project(np.array([[1.0, 0.5, 3.0]]))).round(9).tolist()
        [[1.0, 0.5, 0.0]]
    """
    points = np.asarray(points, float)
    origin = points.mean(axis=0)
    centred = points - origin
    axes = _two_principal_axes(centred, eigenvectors)
    sizes = np.linalg.norm(centred @ axes.T, axis=0)
    if len(sizes) < 2 or sizes[1] <= 1e-9 * sizes[0]:
        raise ValueError(
            "a plane needs points that are not on one line. "
            f"Received: {len(points)} points, which are."
        )
    share = sizes**2 / np.sum(centred**2)
    first, second = (f"component {i} ({part:.0%} of variance)" for i, part in enumerate(share, 1))
    return Plane(origin, axes, (first, second))


def _two_principal_axes(centred: Array, eigenvectors: Callable[[Array], Array]) -> Array:
    """Orthonormal, shape ``(2, features)``; fewer where there are fewer points or features.

    By the smaller matrix of products: a singular value decomposition is thousands of small steps,
    each of which waits for all threads, for seconds where others keep the cores busy. The products
    square the condition number, which the two largest components do not feel.
    """
    wide = len(centred) < centred.shape[1]
    axes = eigenvectors(centred if wide else centred.T)[:, :-3:-1].T
    if wide:
        axes = axes @ centred
        axes[1:] -= np.outer(axes[1:] @ axes[0], axes[0]) / max(axes[0] @ axes[0], _TINY)
        axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), _TINY)
    # Of the two directions along an axis always the same.
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, np.newaxis], axis=1)
    return axes * np.where(largest < 0, -1.0, 1.0)


def plane_through(points: Array, three: Sequence[int]) -> Plane:
    """The plane through three of the points, given by their indices.

    The first is its origin and the second lies on its first axis.

    Raises:
        ValueError: there are not three indices of points, or the points lie on a line.

    Example:
        >>> plane = plane_through(np.eye(3), [0, 1, 2])
        >>> plane.project(np.eye(3)).round(3).tolist()
        [[0.0, 0.0], [1.414, 0.0], [0.707, 1.225]]
    """
    if len(three) != 3 or not all(-len(points) <= i < len(points) for i in three):
        raise ValueError(
            f"a plane goes through three of the {len(points)} points, named by their indices. "
            f"Received: {list(three)}."
        )
    origin, *others = points[list(three)].astype(float)
    first, second = (other - origin for other in others)
    length = np.linalg.norm(first)
    across = first / length if length else first
    up = second - (second @ across) * across
    if not length or np.linalg.norm(up) <= 1e-9 * max(length, np.linalg.norm(second)):
        raise ValueError(
            f"a plane needs points that are not on one line. Received: points {list(three)}."
        )
    axes = np.stack([across, up / np.linalg.norm(up)])
    a, b, c = three
    return Plane(origin, axes, (f"from point {a} towards {b}", f"from there towards point {c}"))
