"""A Dask collection as partitions of rows, with the weights and masks that belong to each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from normlayers.statistics.batches import rows_in


class Partitions(NamedTuple):
    """What each partition is read from, in order.

    Attributes:
        parts: a delayed table, bag partition or batch each; or a dict of them.
        rows: the rows of each, where they are known.
        records: whether they are lists of a bag's elements.
    """

    parts: list[Any]
    rows: list[int] | None
    records: bool = False


def is_on_dask(data: Any) -> bool:
    """Whether ``data`` are a Dask collection; a list, or a dict, of some; or one with labels.

    Known by what it can do: Dask is not imported.
    """
    if isinstance(data, list | tuple):
        return bool(data) and is_on_dask(data[0])
    if isinstance(data, Mapping):
        return any(map(is_on_dask, data.values()))
    # Other libraries, such as xarray, make Dask's graphs too, but not its partitions.
    return hasattr(data, "__dask_graph__") and hasattr(data, "to_delayed")


def partitions(data: Any, columns: Collection[Any] | None = None) -> Partitions:
    """The partitions of what ``is_on_dask`` says is on Dask.

    Args:
        data: the collection.
        columns: of frames and of dicts of collections, the columns that are read.

    Raises:
        KeyError: a column is missing.
        TypeError: text.
        ValueError: arrays of unknown width; columns whose partitions differ.
    """
    if isinstance(data, tuple):  # with labels
        data = data[0]
    if isinstance(data, Mapping):
        return _of_columns(data, columns or data)
    if isinstance(data, list):
        return Partitions(list(data), None)
    if _is_delayed(data):
        return Partitions([data], None)
    if hasattr(data, "chunks"):
        return _of_array(data)
    if hasattr(data, "columns"):
        if columns is not None:
            _refuse_missing(columns, data.columns)
            data = data[list(columns)]  # so that no other is read from a file
        return Partitions(list(data.to_delayed()), None)
    return Partitions(list(data.to_delayed()), None, records=not hasattr(data, "dtype"))


def aligned(given: Any, data: Partitions, name: str) -> list[Any]:
    """Weights or a mask, cut as the data are: one entry for each partition.

    Args:
        given: a Dask collection; an array in memory; a list of one entry for each partition; or
            ``None``.
        data: the data's partitions.
        name: what it is, for the message.

    Raises:
        ValueError: it cannot be cut so.
    """
    count = len(data.parts)
    if given is None:
        return [None] * count
    if is_on_dask(given):
        if hasattr(given, "chunks") and not _is_delayed(given):
            return _aligned_array(given, data, name)
        parts = partitions(given).parts
    elif isinstance(given, list) and data.rows is None:
        parts = given
    else:
        return _cut(given, data, name)
    if len(parts) != count:
        raise ValueError(
            f"{name} must have the partitions of the data. Received: {len(parts)} partitions for "
            f"data of {count}."
        )
    return parts


def _of_array(array: Any) -> Partitions:
    if array.dtype.kind in "SUT":
        raise TypeError(f"data must be real numbers. Received: a Dask array of {array.dtype}.")
    if not array.ndim:
        raise ValueError("data must have rows. Received: a Dask array of a single value.")
    if any(length != length for length in array.shape[1:]):  # NaN is how Dask says unknown
        raise ValueError(
            f"the data's features must be known. Received: a Dask array of shape {array.shape}; "
            "call data.compute_chunk_sizes() first."
        )
    if any(blocks > 1 for blocks in array.numblocks[1:]):
        array = array.rechunk(dict.fromkeys(range(1, array.ndim), -1))
    known = array.shape[0] == array.shape[0]
    return Partitions(
        list(array.to_delayed().ravel()), [int(n) for n in array.chunks[0]] if known else None
    )


def _aligned_array(array: Any, data: Partitions, name: str) -> list[Any]:
    if data.rows is not None and array.shape[0] == array.shape[0]:
        if array.shape[0] != sum(data.rows):
            raise ValueError(
                f"{name} must have the data's rows. Received: {array.shape[0]:,} rows for data of "
                f"{sum(data.rows):,}."
            )
        array = array.rechunk({0: tuple(data.rows)})
    found = _of_array(array)
    if len(found.parts) != len(data.parts):
        raise ValueError(
            f"{name} must have the partitions of the data. Received: {len(found.parts)} partitions "
            f"for data of {len(data.parts)}."
        )
    return found.parts


def _cut(given: Any, data: Partitions, name: str) -> list[Any]:
    """What is in memory, cut at the data's rows."""
    if data.rows is None:
        raise ValueError(
            f"{name} in memory cannot be cut, since the rows of the data's partitions are not "
            f"known; pass a Dask collection of {len(data.parts)} partitions, or a list of "
            f"{len(data.parts)} arrays."
        )
    if isinstance(given, list):
        given = np.asarray(given)
    if rows_in(given) != sum(data.rows):
        raise ValueError(
            f"{name} must have the data's rows. Received: {rows_in(given)} rows for data of "
            f"{sum(data.rows):,}."
        )
    stops = list(accumulate(data.rows))
    return [given[stop - rows : stop] for stop, rows in zip(stops, data.rows, strict=True)]


def _of_columns(data: Mapping[Any, Any], columns: Collection[Any]) -> Partitions:
    _refuse_missing(columns, data)
    for name in columns:
        if not is_on_dask(data[name]):
            raise TypeError(
                f"a dict of data must hold Dask collections only, or none. Received: "
                f"{type(data[name]).__name__} for {name!r}."
            )
    found = {name: partitions(data[name]) for name in columns}
    counts = {name: len(part.parts) for name, part in found.items()}
    rows = {name: part.rows for name, part in found.items() if part.rows is not None}
    if len(set(counts.values())) > 1 or len(set(map(tuple, rows.values()))) > 1:
        raise ValueError(
            "a dict's collections must have the same partitions. Received: "
            f"{ {name: rows.get(name, f'{n} partitions') for name, n in counts.items()} }."
        )
    parts = zip(*(part.parts for part in found.values()), strict=True)
    return Partitions(
        [dict(zip(found, part, strict=True)) for part in parts],
        next(iter(rows.values())) if len(rows) == len(found) else None,
    )


def _refuse_missing(columns: Collection[Any], names: Collection[Any]) -> None:
    for name in columns:
        if name not in names:
            known = ", ".join(map(repr, names))
            raise KeyError(f"the data have no key {name!r}; they have {known}.")


def _is_delayed(data: Any) -> bool:
    from dask.delayed import Delayed

    return isinstance(data, Delayed)
