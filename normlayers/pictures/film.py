"""PNG files as films."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from normlayers.pictures.whole_file import whole_file


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
        OSError: it cannot be written whole; nothing of it stays.
    """
    _refuse_nothing(frames, path)
    first, *rest = (Image.open(io.BytesIO(frame)) for frame in frames)
    durations = [milliseconds] * len(rest) + [10 * milliseconds]
    with whole_file(Path(path)) as file:
        first.save(file, "GIF", save_all=True, append_images=rest, duration=durations, loop=0)


def write_mp4(
    frames: Sequence[bytes], path: str | os.PathLike[str], milliseconds: int = 150
) -> bool:
    """Write PNG frames of one size as an MP4, where ffmpeg is installed.

    Args:
        frames: the PNG files, at least one.
        path: where to; an earlier file is replaced.
        milliseconds: time of a frame.

    Returns:
        whether it was written.

    Raises:
        ValueError: there is no frame.
        OSError: ffmpeg failed; the message is its own, and nothing of the film stays.
    """
    _refuse_nothing(frames, path)
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return False
    # The codec takes even sizes only, and players only this pixel format.
    even = "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white,format=yuv420p"
    command = [ffmpeg, "-y", "-loglevel", "error", "-f", "image2pipe"]
    command += ["-framerate", str(1000 / milliseconds), "-c:v", "png", "-i", "-"]
    command += ["-vf", even, "-movflags", "+faststart"]
    with whole_file(Path(path)) as file:
        process = subprocess.run(
            [*command, file], input=b"".join(frames), capture_output=True, check=False
        )
        if process.returncode:
            raise OSError(f"ffmpeg could not write {path}: {process.stderr.decode().strip()}")
    return True


def _refuse_nothing(frames: Sequence[bytes], path: str | os.PathLike[str]) -> None:
    if not frames:
        raise ValueError(f"a film needs at least one frame. Received: none for {path}")
