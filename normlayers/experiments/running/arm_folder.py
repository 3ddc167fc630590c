"""The folder of one arm: which files it has, whether they are unchanged, and how to remove them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from normlayers.experiments.running.usage_error import UsageError
from normlayers.experiments.running.whole_files import write_json
from normlayers.pictures.whole_file import partial_files
from normlayers.tracking.writing.event_log import EVENT_FILES

# The arm's results, what it was made with, and a digest of each file; written last.
ARM = "arm.json"


class ArmFolder:
    """An arm's folder, in its experiment's log directory.

    All event files in it are the arm's: TensorBoard shows them as one run.

    Args:
        path: the folder.
        needed: the files without which the arm is not finished, beside its event files.
        removable: all files that it, or an earlier arm of the same name, may have. Nothing but
            these, the event files and ``ARM`` is ever removed.
    """

    def __init__(self, path: Path, needed: Sequence[str], removable: Iterable[str]) -> None:
        self.path = path
        self._needed = needed
        self._removable = {ARM, *removable}

    def refuse_link(self) -> None:
        """Refuse a folder that is a symbolic link: it may lead to somebody else's files.

        Raises:
            UsageError: it is one.
        """
        if self.path.is_symlink():
            raise UsageError(
                f"{self.path} is a symbolic link, through which nothing is written or removed; "
                "remove the link or choose another --log-dir."
            )

    def found(self, made_with: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arm's results if it is finished and its files are unchanged, else ``None``.

        Args:
            made_with: the arguments and versions that the arm must have been made with.
        """
        try:
            record = json.loads((self.path / ARM).read_bytes())
            if record["made_with"] != made_with or not set(self._needed) <= set(record["files"]):
                return None
            whole = all(
                digest_of(self.path / file) == digest for file, digest in record["files"].items()
            )
            found = record["found"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # not there, or not what finish writes: made again
        return found if whole and isinstance(found, dict) else None

    def empty(self) -> None:
        """Remove the arm's files, and the folder unless it has others."""
        self.refuse_link()
        if not self.path.is_dir():
            return
        for name in self._removable:
            for file in (self.path / name, *partial_files(self.path / name)):
                file.unlink(missing_ok=True)  # of a link the link, not what it leads to
        self.empty_of_events()
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def empty_of_events(self) -> None:
        """Remove the event files."""
        self.refuse_link()
        for file in self.path.glob(EVENT_FILES):
            file.unlink(missing_ok=True)

    def begin(self) -> None:
        """Create the folder, or remove the files that an interrupted run left in it."""
        self.empty()
        self.path.mkdir(exist_ok=True)

    def finish(self, made_with: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Write ``ARM``, which makes the arm a finished one.

        Args:
            made_with: the arguments and versions that it was made with.
            found: its results.

        Raises:
            OSError: a needed file is missing, or ``ARM`` cannot be written.
        """
        events = sorted(file.name for file in self.path.glob(EVENT_FILES))
        optional = (name for name in self._removable if (self.path / name).is_file())
        files = {*self._needed, *optional, *events} - {ARM}
        record = {
            "made_with": made_with,
            "found": found,
            "files": {file: digest_of(self.path / file) for file in sorted(files)},
        }
        write_json(self.path / ARM, record)


def digest_of(path: Path) -> str:
    """A file's SHA-256 digest, in hexadecimal.

    Raises:
        OSError: the file cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "file")
        >>> _ = path.write_bytes(b"abc")
        >>> digest_of(path)[:8]
        'ba7816bf'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
