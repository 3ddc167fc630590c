"""What a layer has counted and not finalized, as a file that Keras keeps beside the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from normlayers.statistics.extrema import Extrema
from normlayers.statistics.moments import Moments

Statistics = Moments | Extrema
FILE = "unfinalized.npz"
UNKNOWN = -1  # a length that is ``None``


def write(folder: str, statistics: Statistics, shape: tuple[int | None, ...]) -> None:
    """Save statistics, and the shape of the last batch that they are of, into a folder."""
    lengths = np.array([UNKNOWN if length is None else length for length in shape], np.int64)
    np.savez(Path(folder) / FILE, last_shape=lengths, **statistics.state())


def read(
    folder: str | None, kind: type[Moments] | type[Extrema]
) -> tuple[Statistics, tuple[int | None, ...]] | None:
    """What ``write`` saved in a folder; ``None`` where it did not.

    Raises:
        ValueError: the statistics are of another kind.
    """
    if folder is None or not (Path(folder) / FILE).exists():
        return None
    with np.load(Path(folder) / FILE) as saved:
        state = dict(saved)
    shape = tuple(None if length == UNKNOWN else int(length) for length in state.pop("last_shape"))
    return kind.from_state(state), shape
