"""The folder of one arm: what it wrote there, whether that is unchanged, and how it is removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.running.whole_files import write_json

# What the arm found, with what, and which files it wrote; the last thing written to the folder.
ARM = "arm.json"
EVENT_FILES = "events.out.tfevents.*"


class ArmFolder:
    """An arm's folder, in its experiment's log directory.

    Event files in it are the arm's, for TensorBoard shows all event files of a folder as one run.

    Args:
        path: the folder.
        needed: the files that the arm consists of, beside its event files.
        removable: all files that it, or an earlier arm of the same name, may have; nothing but
            these, the event files and ``ARM`` is ever removed.
    """

    def __init__(self, path: Path, needed: Sequence[str], removable: Iterable[str]) -> None:
        self.path = path
        self._needed = needed
        self._removable = {ARM, *removable}

    def refuse_link(self) -> None:
        """Refuse a folder that is a symbolic link, behind which may be anybody's files.

        Raises:
            UsageError: it is one.
        """
        if self.path.is_symlink():
            raise UsageError(
                f"{self.path} is a symbolic link, through which nothing is written or removed; "
                "remove the link or choose another --log-dir."
            )

    def found(self, made_with: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the arm found, if it ended and all it wrote is there unchanged; else ``None``.

        Args:
            made_with: what the arm has to have been made with.
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
        """Remove what an arm wrote, and the folder unless something else is in it."""
        self.refuse_link()
        if not self.path.is_dir():
            return
        files = (*(self.path / name for name in self._removable), *self.path.glob(EVENT_FILES))
        for file in files:
            file.unlink(missing_ok=True)  # of a link the link, not what it leads to
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def begin(self) -> None:
        """Make the folder, without what an interrupted run left there."""
        self.empty()
        self.path.mkdir(exist_ok=True)

    def finish(
        self, made_with: Mapping[str, Any], found: Mapping[str, Any], beside: Sequence[str] = ()
    ) -> None:
        """Write the arm's record, which makes it a finished one.

        Args:
            made_with: what it was made with.
            found: what it found.
            beside: files of the log directory that were made with it.

        Raises:
            OSError: a file that the arm consists of is not there, or the record cannot be written.
        """
        events = sorted(file.name for file in self.path.glob(EVENT_FILES))
        optional = (name for name in self._removable if (self.path / name).is_file())
        files = {*self._needed, *optional, *events, *(f"../{file}" for file in beside)} - {ARM}
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
