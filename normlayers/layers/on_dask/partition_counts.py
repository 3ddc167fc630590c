"""What a worker does: counting one partition, and merging what was counted. It needs no Keras."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from normlayers.layers.row_weights import BatchWeights
from normlayers.statistics.batches import batches, opened
from normlayers.statistics.extrema import Extrema
from normlayers.statistics.gatherer import Gatherer
from normlayers.statistics.moments import Moments

# A bag's elements that are made one array.
RECORDS_AT_ONCE = 1 << 12

Statistics = Moments | Extrema


class Task(NamedTuple):
    """What is to be counted in each partition.

    Attributes:
        statistics: statistics of nothing, by column; ``None`` for the key of a whole table.
        batch_size: rows to be read at a time, or ``None``.
        records: whether a partition is a list of a bag's elements.
        versions: packages and their versions, which have to be the worker's too.
    """

    statistics: dict[Any, Statistics]
    batch_size: int | None
    records: bool
    versions: dict[str, str]


class Counted(NamedTuple):
    """The statistics of a column of some partitions.

    Attributes:
        statistics: the statistics.
        shape: a batch's shape; empty where there was none.
        partition: the first partition that has data.
    """

    statistics: Statistics
    shape: tuple[int, ...]
    partition: int


def count_partition(
    task: Task,
    partition: int,
    data: Any,
    weights: Mapping[Any, Any] | None,
    masks: Mapping[Any, Any] | None,
) -> dict[Any, Counted]:
    """The statistics of one partition, by column.

    Args:
        task: what to count.
        partition: its number, for the messages.
        data: the partition.
        weights, masks: by column, those of the partition's rows; ``None`` for none.

    Raises:
        TypeError, ValueError, KeyError: as ``adapt``; with the partition's number.
        RuntimeError: this process has another version of a package.
    """
    _refuse_other_versions(task.versions)
    named = None not in task.statistics
    columns = list(task.statistics) if named else None
    place = f"partition {partition}: "
    try:
        if task.records:
            data = _batches_of(data)
        elif isinstance(data, tuple):  # one batch, with labels
            data = [data]
        counters = {
            key: _Counter(statistics, (weights or {}).get(key), (masks or {}).get(key))
            for key, statistics in task.statistics.items()
        }
        for batch in batches(opened(data, columns), task.batch_size, columns=columns):
            if isinstance(batch, dict) != named:
                raise TypeError(_other_kind(batch))
            for key, counter in counters.items():
                place = f"{key!r}: partition {partition}: " if named else place
                counter.add(batch[key] if named else batch, named)
        return {key: counter.counted(partition) for key, counter in counters.items()}
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(place + str(error)) from error


def merge_counted(several: Sequence[Mapping[Any, Counted]]) -> dict[Any, Counted]:
    """What several partitions, or groups of them, have counted together.

    Raises:
        ValueError: they have other features.
    """
    merged = dict(several[0])
    for other in several[1:]:
        for key, counted in other.items():
            merged[key] = _both(merged[key], counted, key)
    return merged


def _both(one: Counted, other: Counted, key: Any) -> Counted:
    if not other.shape or not one.shape:
        return one if one.shape else other
    if one.shape[1:] != other.shape[1:]:
        raise ValueError(
            f"{'' if key is None else f'{key!r}: '}all partitions must have the same features. "
            f"Received: rows of shape {one.shape[1:]} in partition {one.partition}, "
            f"{other.shape[1:]} in partition {other.partition}."
        )
    statistics: Any = copy.deepcopy(one.statistics)  # a worker's results stay as they are
    statistics.merge(other.statistics)
    return one._replace(statistics=statistics)


class _Counter:
    """Counts one column of one partition."""

    def __init__(self, statistics: Statistics, weight: Any, mask: Any) -> None:
        self._statistics = copy.deepcopy(statistics)
        self._gatherer = Gatherer(self._statistics.update)
        self._weights = BatchWeights(weight, mask, whole=True)
        self._shape: tuple[int, ...] = ()

    def add(self, values: Any, named: bool) -> None:
        if named and values.ndim == 1:
            values = values[:, None]
        if len(values):
            if {0, -values.ndim} & set(self._statistics.axis):
                raise ValueError(
                    f"axis {self._statistics.axis} holds the rows of data of shape {values.shape}; "
                    "pass axis=None, or data, each batch of them too, of shape (rows, features)."
                )
            self._shape = values.shape
            self._gatherer.add(values, self._weights.of_next(len(values)))

    def counted(self, partition: int) -> Counted:
        self._gatherer.finish()
        self._weights.refuse_leftover()
        return Counted(self._statistics, self._shape, partition)


def _batches_of(elements: Iterable[Any]) -> Iterator[Any]:
    """A bag's elements as batches: rows are joined, batches stay as they are."""
    stream = iter(elements)
    for first in stream:
        if isinstance(first, str | bytes):
            raise TypeError(
                f"data must be real numbers. Received: a bag of text, such as {first[:40]!r}; "
                "read numbers from it with bag.map(...)."
            )
        named = isinstance(first, Mapping)
        if np.ndim(first) > 1 or (named and any(map(np.ndim, first.values()))):
            yield first
            continue
        # Copied one by one: a generator may fill one array again and again.
        rows = chain([first], islice(stream, RECORDS_AT_ONCE - 1))
        records = [np.copy(row) if isinstance(row, np.ndarray) else row for row in rows]
        if named:
            yield {name: [record[name] for record in records] for name in first}
        else:
            yield np.asarray(records)


def _other_kind(batch: Any) -> str:
    if isinstance(batch, dict):
        return (
            f"the data are dicts with the keys {', '.join(map(repr, batch))}; say which layer "
            "adapts to which: normlayers.adapt({key: layer}, data)."
        )
    return (
        "the data must be dicts of arrays, or frames. Received: batches of shape "
        f"{batch.shape}; use the layer's own adapt(data)."
    )


def _refuse_other_versions(versions: Mapping[str, str]) -> None:
    here = installed(versions)
    if here != versions:
        there = ", ".join(f"{name} {version}" for name, version in versions.items())
        raise RuntimeError(
            "client and workers must have the same versions. Received: "
            f"{', '.join(f'{name} {version}' for name, version in here.items())} on a worker, "
            f"{there} on the client; install the client's on all workers."
        )


def installed(packages: Iterable[str]) -> dict[str, str]:
    """The versions of packages in this process."""
    from importlib import import_module

    return {name: import_module(name).__version__ for name in packages}
