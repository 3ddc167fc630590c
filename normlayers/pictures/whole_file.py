"""Files that are written whole or not at all."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside the one that is meant, which takes its place when it has been written.

    Args:
        path: the file that is meant; an earlier one stays as it was until then.

    Yields:
        the path to write to, of the same ending; it is deleted if an error is raised.

    Raises:
        OSError: the folder cannot be written to.

    Example:
        >>> meant = Path(tempfile.mkdtemp()) / "film.gif"
        >>> with whole_file(meant) as path:
        ...     _ = path.write_text("all of it")
        >>> meant.read_text()
        'all of it'
    """
    handle, name = tempfile.mkstemp(f"{PARTIAL}{path.suffix}", f".{path.stem}.", path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp's are for the owner alone
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def partial_files(path: Path) -> list[Path]:
    """Temporary files beside ``path``, left by processes that were killed while writing it."""
    stem, suffix = glob.escape(path.stem), glob.escape(path.suffix)
    return list(path.parent.glob(f".{stem}.*{PARTIAL}{suffix}"))
