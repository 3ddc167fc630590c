"""Count, mean and sum of squared deviations of data that come in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.block_moments import BlockMoments, block_moments
from normlayers.statistics.blocks import Batch, Missing, kept_axes, map_blocks, mergeable_shape

Array = npt.NDArray[Any]


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
        count: sum of the weights (the number of values where there are none), mean and
            sum_of_squares: float64 arrays in the shape of the kept axes, those in rising order.
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
        self.rows = 0
        self.count: Array = np.zeros(())
        self.sum_of_squares: Array = np.zeros(())
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
        return self.sum_of_squares / np.where(self.count > 0, self.count, 1.0)

    def update(self, batch: Any, weight: Any = None) -> None:
        """Count a batch in.

        Args:
            batch: real numbers or booleans, shape ``(rows, ...)``.
            weight: how much each value counts: not negative, of the batch's shape or of its
                first axes' (one a row, say). Where it is 0 the batch may hold anything.

        Raises:
            TypeError: the batch holds no real numbers.
            ValueError: the batch holds infinite values, NaN (unless ignored), or values whose
                squares float64 cannot hold, or its kept axes differ from those of earlier batches;
                the weights do not fit it or are negative. The moments stay as they were.
        """
        checked = Batch(batch, weight, self.axis, self.missing, self.rows)
        if self.rows:
            checked.refuse_other_features(self.count.shape)
        if not checked.values.size:
            return
        part = Moments(self.axis, self.missing)
        part._start(checked.kept_shape)
        for found in map_blocks(checked, _quiet_block_moments):
            part._combine(BlockMoments(*(entry.reshape(checked.kept_shape) for entry in found)))
        if not self.rows:
            self._start(checked.kept_shape)
        self._combine(part._all())
        self.rows += checked.rows

    def merge(self, other: Moments) -> None:
        """Count in all that another ``Moments`` has counted.

        Raises:
            ValueError: the other has other axes or features. The moments stay as they were.
        """
        if not other.rows:
            return
        shape = mergeable_shape(self, other)
        if not self.rows:
            self._start(shape)
        self._combine(other._all())
        self.rows += other.rows

    def to_dict(self) -> dict[str, Any]:
        """All of it in plain numbers and lists, as for JSON; ``from_dict`` takes it back."""
        parts = dict(zip(BlockMoments._fields, self._all(), strict=True))
        return {
            "axis": list(self.axis),
            "missing": self.missing,
            "rows": self.rows,
            **{name: entry.tolist() for name, entry in parts.items()},
        }

    @classmethod
    def from_dict(cls, exported: Mapping[str, Any]) -> Moments:
        """The moments that ``to_dict`` exported.

        Example:
            >>> moments = Moments()
            >>> moments.update(np.array([[1.0], [3.0]]))
            >>> Moments.from_dict(moments.to_dict()).mean.tolist()
            [2.0]
        """
        moments = cls(exported["axis"], exported["missing"])
        moments.rows = exported["rows"]
        entries = (np.asarray(exported[name], float) for name in BlockMoments._fields)
        moments.count, moments._shift, moments._offset, moments.sum_of_squares = entries
        return moments

    def _start(self, shape: tuple[int, ...]) -> None:
        self.count = self.sum_of_squares = self._shift = self._offset = np.zeros(shape)

    def _all(self) -> BlockMoments:
        return BlockMoments(self.count, self._shift, self._offset, self.sum_of_squares)

    def _combine(self, other: BlockMoments) -> None:
        # A side that has counted nothing of a feature has no mean to differ from.
        ours, theirs = self.count > 0, other.n > 0
        shift = np.where(ours, self._shift, other.shift)
        offset = np.where(ours, self._offset, other.offset)
        count = self.count + other.n
        part = other.n / np.where(count > 0, count, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            difference = np.where(theirs, (other.shift - shift) + other.offset - offset, 0.0)
            squares = self.sum_of_squares + other.sum_of_squares
            squares = squares + difference**2 * self.count * part
        if not np.isfinite(squares).all():
            feature = ", ".join(str(int(index)) for index in np.argwhere(~np.isfinite(squares))[0])
            raise ValueError(
                f"{f'feature {feature} has' if feature else 'the data have'} values too far apart "
                "for float64 to hold their variance; divide the data by a constant."
            )
        self._shift, self._offset = shift, offset + difference * part
        self.count, self.sum_of_squares = count, squares


def _quiet_block_moments(
    block: Array, weight: Array | None, refuse_invalid: Callable[[], None]
) -> list[BlockMoments]:
    """Without NumPy's warnings: what overflows is refused when it is combined."""
    with np.errstate(over="ignore", invalid="ignore"):
        return block_moments(block, weight, refuse_invalid)
