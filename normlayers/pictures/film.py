"""PNG files as films."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image


def write_gif(
    frames: Sequence[bytes], path: str | os.PathLike[str], milliseconds: int = 150
) -> None:
    """Write PNG frames of one size as a GIF that repeats and rests on its last frame.

    Args:
        frames: the PNG files, at least one.
        path: where to; an earlier file is replaced.
        milliseconds: time of a frame; the last stays ten times as long.

    Raises:
        ValueError: there is no frame.
    """
    if not frames:
        raise ValueError(f"a film needs at least one frame. Received: none for {path}")
    first, *rest = (Image.open(io.BytesIO(frame)) for frame in frames)
    durations = [milliseconds] * len(rest) + [10 * milliseconds]
    first.save(Path(path), "GIF", save_all=True, append_images=rest, duration=durations, loop=0)
