"""Weights and masks that come beside the data, whole or batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.statistics.batches import batches, rows_in
from normlayers.statistics.conversion import to_array
from normlayers.statistics.tf_data import rank_of_elements

Array = npt.NDArray[Any]

# Weights that are read together, of a data set of single ones.
ROWS_AT_ONCE = 1 << 12


class BatchWeights:
    """How much the values of one batch of data after another count.

    Args:
        sample_weight, mask: ``None``, for none; an array, whose rows are those of the data,
            whatever the batches they come in; or batches, one for each of the data.
        whole: whether the data were given whole, so that nested lists are arrays of weights.
    """

    def __init__(self, sample_weight: Any, mask: Any, whole: bool) -> None:
        self._weights, self._masks = _Rows(sample_weight, whole), _Rows(mask, whole)

    def of_next(self, rows: int) -> Array | None:
        """The weights of the data's next batch, of so many rows; ``None``: all count alike.

        Raises:
            ValueError: there are not as many left; weights and mask do not fit each other.
        """
        return combined_weight(self._weights.of_next(rows), self._masks.of_next(rows))

    def refuse_leftover(self) -> None:
        """Raise ValueError where there are more weights than data."""
        self._weights.refuse_leftover()
        self._masks.refuse_leftover()


class _Rows:
    """One of the two."""

    def __init__(self, given: Any, whole: bool) -> None:
        self._given = given is not None
        self._table: Array | None = None
        self._stream: Iterator[Any] = iter(())
        self._rows = self._batches = 0
        given = list(given) if isinstance(given, tuple) else given
        if isinstance(given, list) and (whole or not _is_list_of_batches(given)):
            given = to_array(given)
        if given is not None and rows_in(given) is not None:
            self._table = to_array(given)
        elif isinstance(given, list):
            self._stream = map(to_array, given)
        elif rank_of_elements(given) == 0:  # of single rows, whatever the data's batches
            self._table = np.concatenate([to_array(part) for part in given.batch(ROWS_AT_ONCE)])
        elif given is not None:
            self._stream = _batches_of_weights(given)

    def of_next(self, rows: int) -> Array | None:
        if not self._given:
            return None
        self._batches += 1
        if self._table is None:
            weights = next(self._stream, None)
            if weights is None:
                raise ValueError(
                    f"the weights or the mask end before the data, after batch {self._batches - 1}."
                )
            return np.asarray(weights)
        weights = self._table[self._rows : self._rows + rows]
        self._rows += rows
        if len(weights) < rows:
            raise ValueError(
                "the weights or the mask end before the data. Received: weights of "
                f"{len(self._table):,} rows, data of {self._rows:,} or more."
            )
        return weights

    def refuse_leftover(self) -> None:
        if self._table is not None and len(self._table) > self._rows:
            raise ValueError(
                "there are more weights than data. Received: weights of "
                f"{len(self._table):,} rows, data of {self._rows:,}."
            )
        if next(self._stream, None) is not None:
            raise ValueError(
                "there are more weights than data. Received: more than "
                f"{self._batches} batches of weights."
            )


def _batches_of_weights(given: Any) -> Iterator[Array]:
    """A stream's batches; unlike those of data they may have one axis."""
    if hasattr(given, "num_batches") or not hasattr(given, "__iter__"):
        return batches(given)
    # Of an iterator it is not known that it is of tf.data, whose vectors would be rows.
    return batches(to_array(e) if isinstance(e, list) and not np.ndim(e[0]) else e for e in given)


def combined_weight(sample_weight: Any, mask: Any) -> Array | None:
    """The weights of what a mask leaves, or ``None`` where all counts alike.

    Last axes of length 1 are dropped: what is left fits the data's first axes.
    """
    if mask is None:
        return None if sample_weight is None else _first_axes(sample_weight)
    mask = _first_axes(mask).astype(bool)
    if sample_weight is None:
        return mask
    weight = _first_axes(sample_weight)
    common = min(mask.ndim, weight.ndim)
    if mask.shape[:common] != weight.shape[:common]:
        raise ValueError(
            "mask and weights must agree in their first axes. "
            f"Received: mask of shape {mask.shape}, weights of shape {weight.shape}."
        )
    rank = max(mask.ndim, weight.ndim)
    mask, weight = (a.reshape(a.shape + (1,) * (rank - a.ndim)) for a in (mask, weight))
    return mask * weight


def _first_axes(weights: Any) -> Array:
    array = to_array(weights)
    while array.ndim > 1 and array.shape[-1] == 1:
        array = array[..., 0]
    return array


def _is_list_of_batches(given: list[Any]) -> bool:
    return bool(given) and (isinstance(given[0], list) or len(getattr(given[0], "shape", ())) > 0)
