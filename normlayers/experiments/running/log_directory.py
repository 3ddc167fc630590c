"""The folder an experiment writes to: taken up where an earlier run left it, never mixed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from normlayers.experiments.running.arm_folder import ArmFolder
from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.running.manifest import MANIFEST, read_manifest, refuse_other_arguments
from normlayers.experiments.running.versions import device
from normlayers.experiments.running.whole_files import write_json, write_whole

try:
    import fcntl
except ImportError:  # not on Windows, where two runs at once are not noticed
    fcntl = None  # type: ignore[assignment]

RESULTS = "results.json"


class LogDirectory:
    """A folder of one experiment's arms, each in a folder of its own.

    Args:
        path: the folder.
        experiment: the experiment's name.
        arms: the names of its arms.
        arguments: what it was asked for; a folder holds runs of one set of arguments.
        versions: what it runs with; arms made with other versions are made again.
        arm_files: the files that an arm consists of, beside its event files.
        more_arm_files: files that an arm may have too. No others are ever removed from an arm's
            folder.
        files: files in the folder itself, beside results.json.
        own_files: by arm, files that this one consists of as well.
        known_arms: all arms that the experiment has, which an earlier run here may have made; by
            default ``arms``.
    """

    def __init__(
        self,
        path: Path,
        experiment: str,
        arms: Sequence[str],
        arguments: Mapping[str, Any],
        versions: Mapping[str, str],
        arm_files: Sequence[str] = (),
        more_arm_files: Sequence[str] = (),
        files: Sequence[str] = (),
        own_files: Mapping[str, Sequence[str]] | None = None,
        known_arms: Sequence[str] = (),
    ) -> None:
        self.path = path
        self._manifest: dict[str, Any] = {
            "experiment": experiment,
            "arms": list(arms),
            "arguments": dict(arguments),
            "versions": dict(versions),
        }
        self._arm_files = arm_files
        self._own_files = dict(own_files or {})
        # What an arm of an earlier run may have left.
        self._removed = {*arm_files, *more_arm_files, *chain(*self._own_files.values())}
        self._known_arms = (*arms, *known_arms)
        self._files = (RESULTS, *files)
        self._lock: int | None = None

    def open(self, start_over: bool = False) -> None:
        """Get the folder ready to write the arms to, for this process alone.

        Args:
            start_over: remove what an earlier run of this experiment wrote here, whatever its
                arguments. Nothing is removed through a symbolic link in the folder.

        Raises:
            UsageError: the folder cannot be written to, is in use, holds another run or another
                experiment's, or an arm's folder is a symbolic link. Nothing was written.
        """
        with self._writing():
            if self.path.exists() and not self.path.is_dir():
                raise UsageError(f"{self.path} is no folder; choose another --log-dir.")
            earlier = self._earlier_manifest(start_over)
            earlier_arms = earlier["arms"] if earlier else []
            for arm in (*earlier_arms, *self._manifest["arms"]):
                self._arm(arm).refuse_link()
            self._make_folder()
            self._take_lock()
            if earlier is not None and (start_over or earlier != self._manifest):
                for arm in earlier_arms:
                    self._arm(arm).empty()
                for file in self._files:
                    (self.path / file).unlink(missing_ok=True)
            # Last: until then the folder is the earlier run's.
            write_json(self.path / MANIFEST, self._manifest)

    def finished(self, arm: str) -> dict[str, Any] | None:
        """What an arm found, if it ended, made as this run makes it, and its files are unchanged.

        Returns:
            else ``None``: the arm is to be made again.
        """
        return self._arm(arm).found(self._made_with())

    def kept_arrays(self, arm: str, file: str) -> dict[str, Any] | None:
        """The arrays in a finished arm's ``.npz`` file; ``None`` if it is not there whole."""
        if self.finished(arm) is None:
            return None
        try:
            with np.load(self.path / arm / file) as kept:
                return dict(kept)
        except Exception:  # damaged, in whichever of many ways: made again
            return None

    @contextmanager
    def telling_what_is_missing(self, console: Console) -> Iterator[None]:
        """Say at an interruption which arms are kept and which are missing."""
        try:
            yield
        except KeyboardInterrupt:
            arms = self._manifest["arms"]
            missing = [arm for arm in arms if self.finished(arm) is None]
            console.print(
                f"{len(arms) - len(missing)} arms are finished and kept in {self.path}; missing: "
                f"{', '.join(missing)}.",
                highlight=False,
            )
            raise

    def begin(self, arm: str) -> Path:
        """The arm's folder, without what an interrupted run left there."""
        with self._writing():
            self._arm(arm).begin()
        return self.path / arm

    def finish(self, arm: str, found: Mapping[str, Any], beside: Sequence[str] = ()) -> None:
        """Note what an arm found and which files it wrote, which makes it a finished one.

        Args:
            arm: its name.
            found: what it found.
            beside: those of the folder's own files that were made with it.
        """
        with self._writing():
            self._arm(arm).finish(self._made_with(), found, beside)

    def write(self, file: str, content: bytes) -> None:
        """Write one of the folder's own files, whole or not at all."""
        with self._writing():
            write_whole(self.path / file, content)

    def write_results(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Write results.json: what was found, after what was asked for and with what it was run.

        Args:
            found: its other keys: ``runtime_seconds``, ``measures``, ``claims`` and ``figures``:
                of each figure worth a place in the report ``file``, under this folder, and
                ``caption``, in the order to show them in; of one that is no picture perhaps
                ``preview``, a picture to show in its place.

        Returns:
            its content.
        """
        asked = self._manifest["arguments"]
        content = {
            "experiment": self._manifest["experiment"],
            "seed": asked["seed"],
            "arguments": asked,
            "versions": self._manifest["versions"],
            "device": device(),
            **found,
        }
        with self._writing():
            write_json(self.path / RESULTS, content)
        return content

    def close(self) -> None:
        """Let other processes use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _arm(self, arm: str) -> ArmFolder:
        needed = (*self._arm_files, *self._own_files.get(arm, ()))
        return ArmFolder(self.path / arm, needed, self._removed)

    def _made_with(self) -> dict[str, Any]:
        return {name: self._manifest[name] for name in ("arguments", "versions")}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"cannot write to {self.path} ({error.strerror}); choose another --log-dir."
            ) from error

    def _make_folder(self) -> None:
        missing = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError:
            for folder in missing:
                with suppress(OSError):  # it was not made
                    folder.rmdir()
            raise

    def _take_lock(self) -> None:
        if fcntl is None or self._lock is not None:
            return
        self._lock = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise UsageError(
                f"another run is writing to {self.path}; wait for it or choose another --log-dir."
            ) from None

    def _earlier_manifest(self, start_over: bool) -> dict[str, Any] | None:
        earlier = read_manifest(self.path, self._manifest["experiment"], self._known_arms)
        if earlier is None:
            names = (*self._manifest["arms"], *self._files)
            taken = [name for name in names if os.path.lexists(self.path / name)]
            if taken:
                raise UsageError(
                    f"{self.path / taken[0]} exists and is not known to be this experiment's; "
                    "choose another --log-dir or move it away."
                )
        elif not start_over:
            refuse_other_arguments(self.path, earlier["arguments"], self._manifest["arguments"])
        return earlier
