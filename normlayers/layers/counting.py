"""Counting a whole data source, in one pass, for the layers that learn its statistics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy.typing as npt

from normlayers.layers.on_dask.partitions import is_on_dask
from normlayers.layers.on_dask.scan import scan
from normlayers.layers.row_weights import BatchWeights
from normlayers.statistics.batches import batches, opened, rows_in, rows_per_piece
from normlayers.statistics.gatherer import Gatherer

Array = npt.NDArray[Any]
Verbose = Literal["auto"] | bool


def count_all(
    statistics: Any,
    data: Any,
    *,
    batch_size: int | None,
    steps: int | None,
    sample_weight: Any,
    mask: Any,
    verbose: Verbose,
    check: Callable[[tuple[int, ...]], None],
) -> tuple[int, ...]:
    """Update statistics with all of ``data``; the arguments are those of ``adapt``.

    Args:
        check: takes each batch's shape and raises where it does not fit.

    Returns:
        the last batch's shape; empty where there was none.
    """
    if is_on_dask(data):
        found = scan(
            {None: statistics},
            data,
            batch_size=batch_size,
            steps=steps,
            sample_weight={None: sample_weight},
            mask={None: mask},
            verbose=verbose,
        )[None]
        statistics.merge(found.statistics)
        if found.shape:
            check(found.shape)
        return found.shape
    shape: tuple[int, ...] = ()
    data = opened(data)
    _refuse_dict(data)
    size = rows_per_piece(data) if batch_size is None else batch_size
    unweighted = sample_weight is None and mask is None
    together = 0 not in statistics.axis
    gatherer = Gatherer(statistics.update, together)
    stream = batches(data, size, steps, join=unweighted and together)
    weights = BatchWeights(sample_weight, mask, whole=rows_in(data) is not None)
    # Not by a name, by which a traceback would keep the bar running.
    for batch in shown(stream, rows_in(data), verbose):
        _refuse_dict(batch)
        if batch.shape != shape:
            check(batch.shape)
            shape = batch.shape
        gatherer.add(batch, None if unweighted else weights.of_next(len(batch)))
    gatherer.finish()
    if steps is None:
        weights.refuse_leftover()
    return shape


def _refuse_dict(data: Any) -> None:
    if isinstance(data, dict):
        raise TypeError(
            f"the data are dicts with the keys {', '.join(map(repr, data))}; say which layer "
            "adapts to which: normlayers.adapt({key: layer}, data)."
        )


def shown(
    stream: Iterator[Any], rows: int | None, verbose: Verbose, what: str = "adapting"
) -> Iterator[Any]:
    """Yield the batches of a stream, and show how far it is.

    Args:
        stream: the batches.
        rows: their rows in all, where that is known.
        verbose: whether to; ``"auto"``: on a terminal, when it has taken a second.
        what: what is being done, shown before the bar.
    """
    if not verbose or (verbose == "auto" and not sys.stderr.isatty()):
        yield from stream
        return
    from rich.console import Console  # loaded late: not needed to use the layers
    from rich.progress import Progress

    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=verbose == "auto") as progress:
        task = progress.add_task(what, total=rows, visible=verbose is True)
        for batch in stream:
            yield batch
            one = next(iter(batch.values())) if isinstance(batch, dict) else batch
            visible = verbose is True or time.monotonic() - started > 1
            progress.update(task, advance=len(one), visible=visible)


class NamedErrors:
    """Puts the name of a method before the messages of errors raised within."""

    def __init__(self, method: str) -> None:
        self._method = method

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if kind is not None and kind in (TypeError, ValueError):
            raise kind(f"{self._method}: {error}") from error
