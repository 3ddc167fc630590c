"""Files that are written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normlayers.pictures.whole_file import whole_file


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; errors as ``write_whole``."""
    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: the file cannot be written; an earlier one stays as it was.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
