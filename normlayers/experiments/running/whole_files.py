"""Files that are written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.pictures.whole_file import whole_file


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; errors as ``whole_file``."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; errors as ``whole_file``."""
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an ``.npz`` file of arrays, by name, whole or not at all; errors as ``whole_file``.

    Raises:
        ValueError: an array holds Python objects.
    """
    of_objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if of_objects:  # NumPy 1 would pickle them, and takes no argument against it
        raise ValueError(
            f"arrays must hold numbers or text. Received: Python objects in {of_objects}"
        )
    named: dict[str, Any] = dict(arrays)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **named)
