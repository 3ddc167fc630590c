"""Pictures and films inside a page, so that the page needs no other file."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image


@dataclass(frozen=True)
class InlineFigure:
    """A picture, or a film with its last frame.

    Attributes:
        source: the picture, of a film its last frame, as a data URI.
        width, height: in pixels.
        film: the film as a data URI; ``None`` of a picture.
        frames: how many the film has.
    """

    source: str
    width: int
    height: int
    film: str | None = None
    frames: int = 1


def inline_figure(path: Path) -> InlineFigure:
    """Read a picture's file, or a film's.

    Args:
        path: a PNG, JPEG, GIF or WebP file.

    Raises:
        OSError: the file cannot be read, or holds no picture.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "dot.png")
        >>> Image.new("RGB", (3, 2)).save(path)
        >>> inline_figure(path).width, inline_figure(path).source[:22]
        (3, 'data:image/png;base64,')
    """
    content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as picture:
            kind = picture.get_format_mimetype() or ""
            frames = getattr(picture, "n_frames", 1)
            picture.seek(frames - 1)
            picture.load()  # a file that was cut off is noticed here
            uri, (width, height) = _data_uri(content, kind), picture.size
            if frames == 1:
                return InlineFigure(uri, width, height)
            return InlineFigure(_still(picture), width, height, uri, frames)
    except (SyntaxError, ValueError, EOFError) as error:  # Pillow's for some damaged files
        raise OSError(f"{path.name} holds no picture") from error


def _still(picture: Image.Image) -> str:
    file = io.BytesIO()
    # Drawn with few colours, as all pictures here are.
    picture.convert("RGB").quantize(256).save(file, "PNG", optimize=True)
    return _data_uri(file.getvalue(), "image/png")


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
