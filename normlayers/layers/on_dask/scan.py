"""One scan of a Dask collection: counted on its workers, merged as a tree."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

from normlayers.layers.on_dask.partition_counts import (
    Counted,
    Statistics,
    Task,
    count_partition,
    installed,
    merge_counted,
)
from normlayers.layers.on_dask.partitions import aligned, partitions
from normlayers.statistics.counts import check_counts

# Counts that one task merges.
FAN_IN = 16


def scan(
    statistics: Mapping[Any, Statistics],
    data: Any,
    *,
    batch_size: int | None,
    steps: int | None,
    sample_weight: Mapping[Any, Any],
    mask: Mapping[Any, Any],
    verbose: Any,
) -> dict[Any, Counted]:
    """Count all of a Dask collection in one scan, by the scheduler that Dask would use for it.

    Each partition is counted on the worker that holds it. What travels are the counts, of 64 bytes
    a feature or so; no partition does.

    Args:
        statistics: statistics of nothing, by column, or by ``None`` for a whole table.
        data: what ``is_on_dask`` says is on Dask.
        batch_size, verbose: as for ``Standardize.adapt``; the progress is Dask's own.
        steps: number of partitions to read; ``None`` reads all.
        sample_weight, mask: by the same keys, what ``aligned`` takes, or ``None``.

    Raises:
        KeyError, TypeError, ValueError: as ``Standardize.adapt``; what is wrong in a partition is
            named with its number.
        RuntimeError: a worker has another version of this package or of Dask, or the cluster lost
            the scan.
    """
    from dask.delayed import delayed

    check_counts(batch_size=batch_size, steps=steps, optional=True)
    named = None not in statistics
    found = partitions(data, list(statistics) if named else None)
    weights = _by_partition(sample_weight, found, "sample_weight")
    masks = _by_partition(mask, found, "mask")
    task = Task(dict(statistics), batch_size, found.records, installed(("normlayers", "dask")))
    # The function carries the task: as an argument Dask would search it for collections.
    count = delayed(partial(count_partition, task), pure=False)
    merge = delayed(merge_counted, pure=False)
    counts = [
        count(index, part, weights and weights[index], masks and masks[index])
        for index, part in enumerate(found.parts[:steps])
    ]
    while len(counts) > 1:
        counts = [merge(counts[start : start + FAN_IN]) for start in range(0, len(counts), FAN_IN)]
    return dict(_computed(counts[0], verbose))


def _by_partition(given: Mapping[Any, Any], data: Any, name: str) -> list[dict[Any, Any]] | None:
    """For each partition, what belongs to each column; ``None`` where there is nothing."""
    cut = {key: aligned(g, data, name) for key, g in given.items() if g is not None}
    if not cut:
        return None
    return [{key: parts[index] for key, parts in cut.items()} for index in range(len(data.parts))]


def _computed(counted: Any, verbose: Any) -> dict[Any, Counted]:
    show = verbose is True or (verbose == "auto" and sys.stderr.isatty())
    client = _client()
    if client is None:
        from dask.diagnostics.progress import ProgressBar

        with ProgressBar(minimum=0 if verbose is True else 1) if show else nullcontext():
            return counted.compute()
    future: Any = None
    try:
        future = client.compute(counted)
        if show:
            from distributed import progress

            progress(future)
        return future.result()
    except KeyboardInterrupt:
        if future is not None:
            future.cancel()
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "distributed":
            raise
        raise RuntimeError(
            "adapt() ended before all data were counted, and the layers are as they were: "
            f"{type(error).__name__}: {error}"
        ) from error


def _client() -> Any:
    """The client of the cluster on which Dask would compute; ``None`` of a local scheduler."""
    from dask.base import get_scheduler

    client = getattr(get_scheduler(), "__self__", None)
    return client if hasattr(client, "submit") else None
