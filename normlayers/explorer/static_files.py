"""The files of the view, which TensorBoard serves and a page holds."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css"}


def static_files() -> dict[str, Path]:
    """The view's files by their name under ``FOLDER``, with ``/`` between folders."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in TYPES and path.is_file())
    return {path.relative_to(FOLDER).as_posix(): path for path in sorted(found)}
