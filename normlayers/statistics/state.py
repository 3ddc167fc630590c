"""Statistics as a dict of plain numbers and arrays, for files and other processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def read_state(
    name: str, state: Mapping[str, Any], fields: Sequence[str]
) -> tuple[tuple[int, ...], Any, int, list[Array]]:
    """The axes, what becomes of NaN, the rows, and the arrays, of a state.

    Args:
        name: the class that the state is to be of.
        state: what its ``state()`` gave; numbers and text may have become arrays of no axis, as in
            a file.
        fields: the names of the arrays.

    Raises:
        ValueError: the state has other entries.
    """
    expected = {"axis", "missing", "rows", *fields}
    if set(state) != expected:
        raise ValueError(
            f"a state of {name} has the entries {', '.join(sorted(expected))}. "
            f"Received: {', '.join(sorted(map(str, state))) or 'none'}."
        )
    axis = tuple(int(entry) for entry in state["axis"])
    arrays = [np.array(state[field], np.float64) for field in fields]
    return axis, str(state["missing"]), int(state["rows"]), arrays
