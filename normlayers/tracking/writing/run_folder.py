"""The folder of one run, which does not mix it with an earlier one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Literal

from normlayers.explorer.records import events
from normlayers.tracking.guard import warn_without_raising
from normlayers.tracking.writing.event_log import EVENT_FILES, OWN_EVENT_FILES, EventLog
from normlayers.tracking.writing.training_call import TrainingCall

IfExists = Literal["new", "append", "replace"]

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # more letters than a drive of Windows has


class RunFolder:
    """Where a run goes, if the folder asked for holds one already.

    Args:
        log_dir: the folder asked for; a leading ``~`` is the home folder.
        if_exists: what becomes of event files in it: ``"new"`` leaves them and takes the first of
            ``<log_dir>-2``, ``<log_dir>-3``, ... without any, ``"append"`` goes on after their
            last step, ``"replace"`` deletes those that a tracker wrote.

    Attributes:
        path: where the run goes; known once ``settle`` has been called.
        log: the run's event log.

    Raises:
        ValueError: ``log_dir`` is no folder of this machine, or a symbolic link, through which
            nothing is ever deleted.

    Example:
        >>> import tempfile
        >>> folder = RunFolder(tempfile.mkdtemp())
        >>> folder.settle()
        0
    """

    def __init__(self, log_dir: Any, if_exists: IfExists = "new") -> None:
        if if_exists not in ("new", "append", "replace"):
            raise ValueError(
                f'if_exists must be "new", "append" or "replace". Received: {if_exists!r}'
            )
        self._asked = self.path = local_folder(log_dir)
        if if_exists == "replace" and self.path.is_symlink():
            raise ValueError(
                'if_exists="replace" does not delete through a symbolic link; name the folder '
                f"itself. Received: log_dir={str(log_dir)!r}, a link to {self.path.resolve()}."
            )
        self._call: TrainingCall | None = None
        self.log = EventLog(self.path, is_over=self._is_over)
        self._if_exists = if_exists
        self._settled = False
        self._to_replace: list[Path] = []

    def begin_training(self) -> None:
        """Be told that ``fit`` has begun: where it ends without a word, the folder is free."""
        self._call = TrainingCall()

    def _is_over(self) -> bool:
        return self._call is not None and self._call.is_over

    def settle(self) -> int:
        """Choose the folder, and return the step that the run continues from. Nothing is changed.

        Where there is an earlier run, a warning says what becomes of it.
        """
        if self._settled:
            return 0
        last = self._settle()
        self._settled = True
        return last

    def _settle(self) -> int:
        earlier = _event_files(self.path)
        if not earlier:
            return 0
        asked = self.path
        if self._if_exists == "new":
            self._go_to(next(folder for folder in _numbered(asked) if _is_free(folder)))
            _tell(
                f"{asked} holds an earlier run; this one is written to {self.path} "
                '(if_exists="append" goes on with the earlier one, "replace" deletes it)'
            )
            return 0
        if self._if_exists == "replace":
            own = _event_files(asked, OWN_EVENT_FILES)
            self._to_replace = [path for path in own if not path.is_symlink()]
            left = len(earlier) - len(self._to_replace)
            if left:
                _tell(f"{asked} holds {left} event files that no tracker wrote, which stay there")
            return 0
        last = _last_step(earlier)
        _tell(f"{asked} holds an earlier run, up to step {last}; this one goes on from there")
        return last

    def write(self, step: int, *values: Any) -> None:
        """Write to the event log; the first time, delete the run that is to be replaced.

        Args:
            step: as for ``EventLog.write``.
            values: as for ``EventLog.write``.

        Raises:
            BlockingIOError: another tracker is writing to the folder.
            OSError: it cannot be written to.
        """
        if self._to_replace:
            self.log.refuse_company()
            while self._to_replace:
                self._to_replace[-1].unlink(missing_ok=True)
                self._to_replace.pop()
            _tell(f"the earlier run in {self.path} is deleted")
        self.claim()
        self.log.write(step, *values)

    def claim(self) -> Path:
        """Begin a run in a folder of its own, that no other takes from then on; its path.

        Nothing is done where the folder is to be shared with an earlier run, or to replace it.

        Raises:
            OSError: the folder cannot be written to.
        """
        while self._if_exists == "new" and not self.log.has_begun:
            try:
                self.log.begin(alone=True)
            except BlockingIOError:
                self._give_way()
        return self.path

    def _give_way(self) -> None:
        """Leave the folder to another run, which has begun in it since it was chosen."""
        taken = self.path
        self._go_to(next(folder for folder in _numbered(self._asked) if _is_made(folder)))
        _tell(f"another run has begun in {taken}; this one is written to {self.path}")

    def _go_to(self, folder: Path) -> None:
        self.path = folder
        self.log = EventLog(folder, is_over=self._is_over)

    @property
    def file_number(self) -> int:
        """The number of the event file that the next ``write`` goes to."""
        return self.log.file_number

    def close(self) -> None:
        """Close the event file; a later ``write`` begins another."""
        self.log.close()


def local_folder(log_dir: Any) -> Path:
    """The folder of this machine that is meant.

    Raises:
        ValueError: it is none, or a file.

    Example:
        >>> local_folder("logs/mine").name
        'mine'
    """
    try:
        name = os.fspath(log_dir)
    except TypeError:
        name = None
    if not isinstance(name, str) or not name:
        raise ValueError(f"log_dir must be the path of a folder. Received: {log_dir!r}")
    if _REMOTE.match(name):
        raise ValueError(
            "log_dir must be a folder of this machine: write to one, and copy it to where "
            f"TensorBoard reads it, or mount the other. Received: {name!r}"
        )
    try:
        # The working folder may change; beside `logs/run/..` there is no `logs/run/..-2`.
        path = Path(os.path.normpath(Path(name).expanduser().absolute()))
    except RuntimeError:
        raise ValueError(
            f"log_dir names a home folder that is unknown. Received: {name!r}"
        ) from None
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as error:
        raise ValueError(
            f"log_dir must be a folder that there can be ({error.strerror}). Received: {name!r}"
        ) from None
    if is_file:
        raise ValueError(f"log_dir must be a folder. Received: the file {path}")
    return path


def _event_files(folder: Path, pattern: str = EVENT_FILES) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _numbered(folder: Path) -> Iterator[Path]:
    return (folder.with_name(f"{folder.name}-{number}") for number in count(2))


def _is_made(folder: Path) -> bool:
    """Whether a folder was made by this call, of all that may make it at a time."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    return True


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not _event_files(folder))


def _last_step(paths: list[Path]) -> int:
    return max((event.step for path in paths for event in events(path)), default=0)


def _tell(message: str) -> None:
    warn_without_raising(f"ActivationTracker: {message}.", stacklevel=3)
