"""How much of a function of points is linear."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
NAN = float("nan")

# How far from orthonormal the quick basis may be; R² is off by about as much.
_ORTHONORMAL = 1e-11


def whitening(rows: Array) -> Array:
    """The matrix that makes rows orthonormal: the inverse of Cholesky's factor of their products.

    Args:
        rows: shape ``(rows, points)``.

    Returns:
        shape ``(rows, rows)``.

    Raises:
        numpy.linalg.LinAlgError: rows are linear functions of others.

    Example:
        >>> whitening(np.array([[2.0, 0.0], [0.0, 4.0]])).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return np.linalg.inv(np.linalg.cholesky(rows @ rows.T))


class LinearFit:
    """The best linear fits, with an intercept, of functions of the same points.

    What depends on the points alone is computed once.

    Args:
        x: the points, shape ``(points, features)``; axes after the first are flattened.
        product: multiplies two matrices.
        whiten: ``whitening``, or what does the same elsewhere.
    """

    def __init__(
        self,
        x: Array,
        product: Callable[[Array, Array], Array] = np.matmul,
        whiten: Callable[[Array], Array] = whitening,
    ) -> None:
        self._product = product
        x = _flattened(x)
        self._points, features = x.shape
        self._is_told = self._points > features + 1 and bool(np.isfinite(x).all())
        if self._is_told:
            self._coordinates = _coordinates(x, whiten)

    def r_squared(self, y: Array) -> float:
        """R² of the fit to values, shape ``(points,)`` or ``(points, outputs)``; see ``linearity``.

        Raises:
            ValueError: there is not a value a point.
        """
        explained, total, rounding = self._parts(y)
        return float(_share(explained.sum(), total.sum(), rounding.sum())) if self._is_told else NAN

    def r_squared_of_each(self, y: Array) -> Array:
        """R² of the fit to each of several functions.

        Args:
            y: their values, shape ``(points, functions)``.

        Returns:
            shape ``(functions,)``; see ``linearity``.

        Raises:
            ValueError: there is not a value a point.
        """
        shares = _share(*self._parts(y))
        return shares if self._is_told else np.full(shares.shape, NAN)

    def _parts(self, y: Array) -> tuple[Array, Array, Array]:
        """Of each column: what the fit explains, the sum of squares, what of it is rounding."""
        y = _flattened(y)
        if len(y) != self._points:
            raise ValueError(
                "x and logit must be of one length. "
                f"Received: {self._points} points, {len(y)} logits"
            )
        if not len(y):
            return (np.zeros(y.shape[1]),) * 3
        # What the mean's rounding leaves of a constant logit.
        rounding = len(y) * (4 * np.finfo(float).eps * np.abs(y).max(axis=0)) ** 2
        y = _centred(y)
        total = np.sum(y**2, axis=0)
        if not self._is_told:
            return total, total, rounding
        for matrix in self._coordinates:
            y = self._product(matrix, y)
        # The basis is orthonormal: what it has of y has the length of its coordinates.
        return np.sum(y**2, axis=0), total, rounding


def _flattened(values: Array) -> Array:
    values = np.asarray(values, float)
    return values.reshape(len(values), int(np.prod(values.shape[1:], dtype=int)))


def _centred(values: Array) -> Array:
    values = values - values.mean(axis=0)
    return values - values.mean(axis=0)  # what rounding the first left


def _share(explained: Array, total: Array, rounding: Array) -> Array:
    varies = ~(total <= rounding)  # NaN is not constant
    return np.where(varies, np.clip(explained / np.where(varies, total, 1), 0, 1), 1.0)


def _coordinates(x: Array, whiten: Callable[[Array], Array]) -> tuple[Array, ...]:
    """Matrices that, one after the other, give a vector's coordinates in the centred columns' span.

    The coordinates are by an orthonormal basis. Most often they come by whitening: few large
    products, where a singular value decomposition is thousands of small steps, each of which waits
    for all threads. It squares the condition number, which shows in the whitening matrix; then
    the decomposition it is.
    """
    # By powers of two, which round nothing: no sum or square overflows.
    x = _centred(np.ldexp(x, -np.frexp(np.abs(x).max(axis=0))[1]))
    size = np.abs(x).max(axis=0)
    # Features that do not vary, but for the mean's rounding, have no direction.
    varies = size > _rounding(x)
    x = x[:, varies] / size[varies]  # so that no scale counts
    length = np.linalg.norm(x, axis=0)
    with suppress(Exception):  # some are linear functions of others: each backend has its error
        rows = np.ascontiguousarray(x.T) / length[:, None]
        white = whiten(rows)
        # What rounding in the rows' products, whose diagonal is 1, becomes.
        if np.finfo(float).eps * np.sum(white**2) <= _ORTHONORMAL:
            return rows, white
    left, sizes, _ = np.linalg.svd(x, full_matrices=False)
    return (np.ascontiguousarray(left[:, sizes > sizes.max(initial=0.0) * _rounding(x)].T),)


def _rounding(x: Array) -> float:
    return float(max(x.shape) * np.finfo(float).eps)
