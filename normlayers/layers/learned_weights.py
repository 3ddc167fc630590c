"""What a layer has learned, in weights that hold more digits than their type.

Three weights: location and spread, rounded to the type, and ``exact`` of shape ``(5, 2, ...)``, in
which each float64 number is the sum of two: location, spread, scale, total weight and rows. The
first two weights may be set alone; then those of ``exact`` no longer agree and do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from normlayers.layers.centring import split

Array = npt.NDArray[Any]
PARTS = 5
# Files written before there was ``exact`` have location, spread, rows in two integers, the
# location's rest, and the divisor.
EARLIER_WEIGHTS = 5
EARLIER_ROWS_BASE = 2**31


class Learned(NamedTuple):
    """Float64 arrays in the shape of the kept axes, and the number of rows they are of.

    ``total`` is the sum of the weights of the values that were counted.
    """

    location: Array
    spread: Array
    total: Array
    rows: int


class Reading(NamedTuple):
    """What a layer computes with: location as the sum of two, scale and total weight."""

    high: Any
    low: Any
    scale: Any
    total: Any


def weights_of(
    learned: Learned, scale: Array, dtype: str, shape: tuple[int, ...]
) -> tuple[Array, Array, Array]:
    """The three weights.

    Args:
        learned: what was learned.
        scale: the scale that belongs to the spread.
        dtype: the weights' type.
        shape: that of the kept axes, to which all of it broadcasts.
    """
    numbers = (learned.location, learned.spread, scale, learned.total, float(learned.rows))
    pairs = [
        split(np.broadcast_to(np.asarray(number, np.float64), shape), dtype) for number in numbers
    ]
    return pairs[0][0], pairs[1][0], np.stack([np.stack(pair) for pair in pairs])


def reading(
    location: Any, spread: Any, exact: Any, scale_of: Callable[[Any, Any], Any], library: Any
) -> Reading:
    """The weights as a layer computes with them, in the operations of a library."""
    low = library.where(library.equal(location, exact[0, 0]), exact[0, 1], 0.0)
    kept = library.equal(spread, exact[1, 0])
    scale = library.where(kept, exact[2, 0], scale_of(spread, library))
    return Reading(location, low, scale, exact[3, 0])


def learned_of(location: Array, spread: Array, exact: Array) -> Learned:
    """What the weights hold."""
    location, spread, exact = (a.astype(np.float64) for a in (location, spread, exact))
    if not np.all(np.isfinite(exact[4])):
        raise ValueError(
            "weights whose numbers of rows are NaN or infinite hold no statistics; float16 holds "
            "no more than 65,504 rows. Take the weights as the layer has them."
        )
    held = exact.sum(axis=1)
    location = np.where(location == exact[0, 0], held[0], location)
    # A scale can be held where its square is too small.
    whole = np.where(held[1] == 0, held[2] ** 2, held[1])
    spread = np.where(spread == exact[1, 0], whole, spread)
    return Learned(location, spread, held[3], int(held[4].max(initial=0)))


def learned_in(
    location: Array, spread: Array, exact: Array, scale_of: Callable[[Any, Any], Any]
) -> tuple[Learned, Array]:
    """What weights of any type hold, and the scale: ``weights_of`` splits them for another."""
    learned = learned_of(location, spread, exact)
    held = exact[2].sum(axis=0, dtype=np.float64)
    return learned, np.where(spread == exact[1, 0], held, scale_of(learned.spread, np))


def learned_earlier(store: Mapping[str, Any]) -> tuple[Learned, Array]:
    """What a file from before there was ``exact`` holds, and the scale."""
    location, spread, rows, low, divisor = (
        np.asarray(store[str(entry)]).astype(np.float64) for entry in range(EARLIER_WEIGHTS)
    )
    count = int(rows[0]) * EARLIER_ROWS_BASE + int(rows[1])
    scale = np.where((spread == 0) & (divisor == 1), 0.0, divisor)
    every = np.full(location.shape, float(count))
    return Learned(location + low, spread, every, count), scale


def refuse_features(features: Array, what: str) -> None:
    """Raise ValueError that says of the first of these features what is the matter."""
    if not np.any(features):
        return
    first = ", ".join(str(int(index)) for index in np.argwhere(features)[0])
    others = int(np.sum(features)) - 1
    more = f" (and so {'has' if others == 1 else 'have'} {others:,} more)" if others else ""
    raise ValueError(f"{f'feature {first}' if first else 'the whole'} {what}{more}.")


def refuse_too_large(values: Array, name: str, dtype: str) -> None:
    """Raise ValueError where a layer's weights of a type cannot hold the values of that name."""
    wider = "" if dtype == "float64" else ' or make the layer with dtype="float64"'
    refuse_features(
        ~(np.abs(values) <= np.finfo(dtype).max),
        f"has a {name} of up to {np.max(np.abs(values), initial=0):.3g}, too large for {dtype}; "
        f"divide the data by a constant{wider}",
    )
