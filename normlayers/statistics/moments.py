"""Count, mean and sum of squared deviations of data that come in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Missing = Literal["error", "ignore"]


class Moments:
    """Count ``n``, mean ``m`` and sum of squared deviations ``M = sum (x - m)**2``.

    One value of each for every position on the kept axes; all other axes are summed over.
    Everything is accumulated in float64 about a shift near the data, so neither a large mean
    nor many small batches costs precision, and a constant feature has ``M = 0`` exactly.

    Batches are merged by the pairwise update of Chan, Golub & LeVeque (1979)::

        d = m_b - m_a;  n = n_a + n_b;  m = m_a + d n_b / n;  M = M_a + M_b + d**2 n_a n_b / n

    Args:
        axis: the axis or axes to keep, counted in a batch (whose axis 0 is its rows);
            ``None`` keeps none: one mean for all the data.
        missing: ``"error"`` refuses NaN; ``"ignore"`` leaves NaN out, feature by feature.
            Infinite values are refused either way.

    Attributes:
        count, mean, sum_of_squares: float64 arrays in the shape of the kept axes.
        rows: number of rows seen.

    Example:
        >>> moments = Moments()
        >>> moments.update(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> moments.update(np.array([[5.0, 5.0]]))
        >>> moments.mean.tolist(), moments.sum_of_squares.tolist()
        ([3.0, 5.0], [8.0, 0.0])
    """

    def __init__(self, axis: int | Sequence[int] | None = -1, missing: Missing = "error") -> None:
        if missing not in ("error", "ignore"):
            raise ValueError(f'missing must be "error" or "ignore". Received: missing={missing!r}')
        self.axis = kept_axes(axis)
        self.missing = missing
        self.count: Array = np.zeros(())
        self.sum_of_squares: Array = np.zeros(())
        self.rows = 0
        # The mean is kept as its offset from one of the data's own values: rounding a large mean
        # to float64 at every batch would cost the variance digits.
        self._shift: Array = np.zeros(())
        self._offset: Array = np.zeros(())

    @property
    def mean(self) -> Array:
        """The mean; 0 where nothing was counted."""
        return self._shift + self._offset

    @property
    def variance(self) -> Array:
        """``M / n``, the population variance; 0 where nothing was counted."""
        return self.sum_of_squares / np.maximum(self.count, 1)

    def update(self, batch: npt.NDArray[Any]) -> None:
        """Count a batch in.

        Args:
            batch: real numbers or booleans, shape ``(rows, ...)``.

        Raises:
            TypeError: the batch holds no real numbers.
            ValueError: the batch holds infinite values, NaN (unless ignored), or its kept axes
                differ from those of earlier batches. The moments stay as they were.
        """
        if batch.dtype.kind not in "biuf":
            raise TypeError(
                f"statistics need real numbers. Received: data of type {batch.dtype}; "
                "convert them to a float or integer array."
            )
        keep = tuple(_positive(axis, batch.ndim) for axis in self.axis)
        kept_shape = tuple(batch.shape[axis] for axis in sorted(keep))
        if self.rows and kept_shape != self.count.shape:
            raise ValueError(
                f"every batch must have the same features. Received: a batch with {kept_shape} "
                f"on the kept axes after {self.rows:,} rows with {self.count.shape}."
            )
        if batch.size == 0:
            return
        # Kept axes last, the rest flattened: every batch becomes (values, *kept_shape).
        rest = [axis for axis in range(batch.ndim) if axis not in keep]
        values = batch.transpose(rest + sorted(keep)).reshape(-1, *kept_shape)
        values = values.astype(np.float64)
        self._refuse_invalid(values, len(batch))

        if not self.rows:
            self.count = np.zeros(kept_shape)
            self.sum_of_squares = self._shift = self._offset = self.count
        self._count_in(values)
        self.rows += len(batch)

    def _count_in(self, values: Array) -> None:
        present = ~np.isnan(values)
        # Any value of a feature does for a shift. fmax passes NaN over.
        first = values[0] if present.all() else np.nan_to_num(np.fmax.reduce(values, axis=0))
        self._shift = np.where(self.count > 0, self._shift, first)
        deviation = np.where(present, values - self._shift, 0.0)
        n = present.sum(axis=0).astype(np.float64)
        m = deviation.sum(axis=0) / np.maximum(n, 1)
        sum_of_squares = np.where(present, (deviation - m) ** 2, 0.0).sum(axis=0)

        total = self.count + n
        difference = m - self._offset
        part = n / np.maximum(total, 1)
        self._offset = self._offset + difference * part
        self.sum_of_squares = self.sum_of_squares + sum_of_squares
        self.sum_of_squares += difference**2 * self.count * part
        self.count = total

    def _refuse_invalid(self, values: Array, rows: int) -> None:
        checks: list[tuple[str, Any, str]] = [("infinite", np.isinf, "drop or replace them")]
        if self.missing == "error":
            checks.insert(0, ("NaN", np.isnan, 'pass missing="ignore" or drop them'))
        for kind, is_invalid, advice in checks:
            per_feature = is_invalid(values).sum(axis=0)
            if not per_feature.any():
                continue
            first = np.unravel_index(np.argmax(per_feature > 0), per_feature.shape)
            place = ", ".join(str(int(index)) for index in first)
            raise ValueError(
                f"{f'feature {place} has' if place else 'the data have'} "
                f"{int(per_feature[first]):,} {kind} values in rows {self.rows:,} to "
                f"{self.rows + rows - 1:,}; {advice}."
            )


def kept_axes(axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """``axis`` as Keras spells it (an integer, several, or ``None``) as a tuple."""
    if axis is None:
        return ()
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _positive(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} is out of range for data with {rank} axes.")
    return axis % rank
