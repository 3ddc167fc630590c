"""Count, mean and sum of squared deviations of data that come in batches.

Parts of the data may be counted anywhere, and what was counted merged, in any order. On the
processes of one machine::

    from multiprocessing import Pool
    import numpy as np
    from normlayers import Moments

    def counted(path):
        moments = Moments()
        moments.update(np.load(path))
        return moments

    if __name__ == "__main__":
        total = Moments()
        with Pool() as pool:
            for part in pool.imap_unordered(counted, ["a.npy", "b.npy", "c.npy"]):
                total.merge(part)
        print(total.rows, total.mean, total.variance)

On a Dask bag, whose functions must leave their arguments as they are (the layers' ``adapt`` takes
Dask collections by itself)::

    import dask.bag
    import numpy as np
    from normlayers import Moments

    def counted(moments, path):
        moments = Moments.from_state(moments.state())
        moments.update(np.load(path))
        return moments

    def merged(moments, others):
        moments = Moments.from_state(moments.state())
        moments.merge(others)
        return moments

    if __name__ == "__main__":
        paths = dask.bag.from_sequence(["a.npy", "b.npy", "c.npy"])
        total = paths.fold(counted, merged, initial=Moments()).compute()
        print(total.rows, total.mean, total.variance)

``nl.Standardize(mean=total.mean, variance=total.variance)`` is the layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.block_moments import BlockMoments, block_moments
from normlayers.statistics.blocks import (
    Batch,
    Missing,
    kept_axes,
    map_blocks,
    mergeable_shape,
    refuse_other_kind,
)
from normlayers.statistics.double_double import Pair
from normlayers.statistics.merged_moments import Merged, Sums, merge, of_blocks, of_nothing
from normlayers.statistics.state import read_state

Array = npt.NDArray[Any]


class Moments:
    """Count ``n``, mean ``m`` and sum of squared deviations ``M = sum (x - m)**2``.

    One value of each for every position on the kept axes; all other axes are summed over.
    Sums over blocks of data are float64's, about a number near the mean, with a relative error of
    the variance of at most 2e-12; blocks and batches are merged in twice float64's precision. So
    neither a large mean nor many small batches costs precision, nor does it matter in what order
    they come or are merged: the results agree to 4e-12, and of integers and of floats on a grid
    they are the same to the last bit. A constant feature has ``M = 0`` exactly.

    To count on many processes or machines, let each count its part, send the ``Moments`` (which can
    be pickled) or their ``state()``, and ``merge`` them.

    Args:
        axis: the axis or axes to keep, counted in a batch (whose axis 0 is its rows);
            ``None`` keeps none: one mean for all the data.
        missing: ``"error"`` refuses NaN; ``"ignore"`` leaves NaN out, feature by feature.
            Infinite values are refused either way.

    Attributes:
        count: sum of the weights (the number of values where there are none).
        mean, variance, sum_of_squares: as ``count``, float64 arrays in the shape of the kept axes,
            those in rising order.
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
        self._sums = Sums.of(of_nothing(()))

    @property
    def count(self) -> Array:
        """Sum of the weights."""
        return self._merged().n.high.copy()

    @property
    def mean(self) -> Array:
        """The mean; 0 where nothing was counted."""
        return self._merged().mean()

    @property
    def sum_of_squares(self) -> Array:
        """Sum of the squared deviations from the mean."""
        return self._merged().sum_of_squares.high.copy()

    @property
    def variance(self) -> Array:
        """``M / n``, the population variance; 0 where nothing was counted."""
        return self._merged().variance()

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
            checked.refuse_other_features(self._sums.merged.n.high.shape)
        if not checked.values.size:
            return
        blocks = map_blocks(checked, _quiet_block_moments)
        sums = self._sums if self.rows else Sums.of(of_nothing(checked.kept_shape))
        waiting = sums.with_waiting(blocks)
        if waiting is None:
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                self._count_in(of_blocks(blocks, checked.kept_shape), checked.rows)
        else:
            self._sums = waiting
            self.rows += checked.rows

    def merge(self, other: Moments) -> None:
        """Count in all that another ``Moments`` has counted.

        Raises:
            TypeError: the other is no ``Moments``.
            ValueError: the other has other axes or features. The moments stay as they were.
        """
        refuse_other_kind(self, other)
        if not other.rows:
            return
        mergeable_shape(self, other)
        self._count_in(other._merged(), other.rows)

    def state(self) -> dict[str, Any]:
        """All of it in plain numbers and arrays; ``from_state`` takes it back.

        Each array has shape ``(2, ...)`` before the kept axes: a number is the sum of two.
        """
        sums = {name: np.stack(pair) for name, pair in self._merged()._asdict().items()}
        return {"axis": self.axis, "missing": self.missing, "rows": self.rows, **sums}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Moments:
        """The moments that ``state`` gave, also after a file such as ``np.savez`` writes.

        Raises:
            ValueError: the state is not one of ``Moments``.

        Example:
            >>> moments = Moments()
            >>> moments.update(np.array([[1.0], [3.0]]))
            >>> Moments.from_state(moments.state()).mean.tolist()
            [2.0]
        """
        axis, missing, rows, sums = read_state(cls.__name__, state, Merged._fields)
        moments = cls(axis, missing)
        moments.rows = rows
        moments._sums = Sums.of(Merged(*(Pair(*entry) for entry in sums)))
        return moments

    def _merged(self) -> Merged:
        """Moments of all that has been counted."""
        self._sums = self._sums.settled()
        return self._sums.merged

    def _count_in(self, part: Merged, rows: int) -> None:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            merged = merge(self._merged(), part) if self.rows else part
        squares = merged.sum_of_squares.high
        if not np.isfinite(squares).all():
            feature = ", ".join(str(int(index)) for index in np.argwhere(~np.isfinite(squares))[0])
            raise ValueError(
                f"{f'feature {feature} has' if feature else 'the data have'} values too far apart "
                "for float64 to hold their variance; divide the data by a constant."
            )
        self._sums = Sums.of(merged)
        self.rows += rows


def _quiet_block_moments(
    block: Array, weight: Array | None, refuse_invalid: Callable[[], None]
) -> list[BlockMoments]:
    """Without NumPy's warnings: what overflows is refused when it is combined."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return block_moments(block, weight, refuse_invalid)
