"""Counting a whole data source, in one pass, for the layers that learn its statistics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from normlayers.statistics.batches import Gatherer, batches, rows_in, rows_per_piece

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
    shape: tuple[int, ...] = ()
    gatherer = Gatherer(statistics.update, together=0 not in statistics.axis)
    size = batch_size or rows_per_piece(data)
    unweighted = sample_weight is None and mask is None
    stream = batches(data, size, steps, join=unweighted and 0 not in statistics.axis)
    watched = shown(stream, rows_in(data), verbose)
    for batch, weight in with_weights(watched, sample_weight, mask, size):
        if isinstance(batch, dict):
            raise TypeError(
                f"the data are dicts with the keys {', '.join(map(repr, batch))}; say which layer "
                "adapts to which: normlayers.adapt({key: layer}, data)."
            )
        if batch.shape != shape:
            check(batch.shape)
            shape = batch.shape
        gatherer.add(batch, weight)
    gatherer.finish()
    return shape


def with_weights(
    stream: Iterator[Any], sample_weight: Any, mask: Any, size: int | None
) -> Iterator[tuple[Any, Array | None]]:
    """Yield each batch with its weights.

    Raises:
        ValueError: there are more batches of weights than of data, or fewer.
    """
    if sample_weight is None and mask is None:
        for batch in stream:
            yield batch, None
        return
    streams: list[Iterator[Any]] = [
        repeat(None) if given is None else batches(_array_if_rows(given, size), size)
        for given in (sample_weight, mask)
    ]
    ended = object()
    for number, batch in enumerate(stream):
        weights = [next(entries, ended) for entries in streams]
        if any(weight is ended for weight in weights):
            raise ValueError(f"the weights or the mask end before the data, after batch {number}.")
        yield batch, combined_weight(*weights)
    for given, entries in zip((sample_weight, mask), streams, strict=True):
        if given is not None and next(entries, ended) is not ended:
            raise ValueError("there are more weights than data.")


def _array_if_rows(weights: Any, size: int | None) -> Any:
    """Weights of an array's rows may come as a plain list."""
    return np.asarray(weights) if size is not None and isinstance(weights, list) else weights


def combined_weight(sample_weight: Any, mask: Any) -> Array | None:
    """The weights of what a mask leaves, or ``None`` where all counts alike."""
    if mask is None:
        return None if sample_weight is None else np.asarray(sample_weight)
    mask = np.asarray(mask).astype(bool)
    if sample_weight is None:
        return mask
    weight = np.asarray(sample_weight)
    common = min(mask.ndim, weight.ndim)
    if mask.shape[:common] != weight.shape[:common]:
        raise ValueError(
            "mask and weights must agree in their first axes. "
            f"Received: mask of shape {mask.shape}, weights of shape {weight.shape}."
        )
    rank = max(mask.ndim, weight.ndim)
    mask, weight = (a.reshape(a.shape + (1,) * (rank - a.ndim)) for a in (mask, weight))
    return mask * weight


def shown(stream: Iterator[Any], rows: int | None, verbose: Verbose) -> Iterator[Any]:
    """Yield the batches of a stream, and show how far it is.

    Args:
        stream: the batches.
        rows: their rows in all, where that is known.
        verbose: whether to; ``"auto"``: on a terminal, when it has taken a second.
    """
    if not verbose or (verbose == "auto" and not sys.stderr.isatty()):
        yield from stream
        return
    from rich.console import Console  # loaded late: not needed to use the layers
    from rich.progress import Progress

    started = time.monotonic()
    with Progress(console=Console(stderr=True), transient=verbose == "auto") as progress:
        task = progress.add_task("adapting", total=rows, visible=verbose is True)
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
