"""An experiment's output folder: continues an earlier run, and never mixes two runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from normlayers.experiments.running.arm_folder import ArmFolder
from normlayers.experiments.running.manifest import (
    MANIFEST,
    RESULTS,
    read_manifest,
    refuse_other_arguments,
)
from normlayers.experiments.running.usage_error import UsageError
from normlayers.experiments.running.whole_files import (
    write_arrays,
    write_json,
    write_whole,
)
from normlayers.pictures.whole_file import partial_files

try:
    import fcntl
except ImportError:  # not on Windows, where two runs at once are not noticed
    fcntl = None  # type: ignore[assignment]


class LogDirectory:
    """A folder of one experiment's arms, each in a folder of its own.

    Args:
        path: the folder.
        experiment: the experiment's name.
        arms: the names of its arms.
        arguments: the experiment's arguments; a folder holds one set of them.
        versions: of the code and its libraries; arms made with others are made again.
        arm_files: the files that every arm must have, beside its event files.
        more_arm_files: files that an arm may have. No others are ever removed from its folder.
        files: files in the log directory itself, beside results.json.
        own_files: by arm, files that this one must have as well.
        known_arms: all arms of the experiment, which an earlier run may have made; by default
            ``arms``.
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
        """Prepare and lock the folder for this process.

        Args:
            start_over: remove the files of an earlier run of this experiment, whatever its
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
            for name in (MANIFEST, *self._files):
                for partial in partial_files(self.path / name):
                    partial.unlink(missing_ok=True)
            # Last: until then the folder is the earlier run's.
            write_json(self.path / MANIFEST, self._manifest)

    def finished(self, arm: str) -> dict[str, Any] | None:
        """An arm's results, or ``None`` if it is to be made (again).

        It is finished if it was made with this run's arguments and versions, and its files are
        unchanged.
        """
        return self._arm(arm).found(self._made_with())

    def kept_arrays(self, arm: str, file: str) -> dict[str, Any]:
        """The arrays, by name, in an ``.npz`` file of a finished arm."""
        with np.load(self.path / arm / file) as kept:
            return dict(kept)

    def runtime_seconds(self) -> float:
        """The time that the arms of this run took, all of them finished."""
        return sum((self.finished(arm) or {})["runtime_seconds"] for arm in self._manifest["arms"])

    @contextmanager
    def telling_what_is_missing(self, console: Console) -> Iterator[None]:
        """Print at an interruption which arms are kept and which are missing."""
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
        """The arm's folder, created or emptied of the files that an interrupted run left."""
        with self._writing():
            self._arm(arm).begin()
        return self.path / arm

    def finish(
        self,
        arm: str,
        found: Mapping[str, Any],
        arrays: Mapping[str, Mapping[str, npt.NDArray[Any]]] | None = None,
    ) -> None:
        """Write an arm's arrays and the record of its results, which makes it a finished one.

        Args:
            arm: its name.
            found: its results, for ``finished`` to return.
            arrays: by ``.npz`` file, arrays by name, for ``kept_arrays`` to return.
        """
        with self._writing():
            for file, named in (arrays or {}).items():
                write_arrays(self.path / arm / file, named)
            self._arm(arm).finish(self._made_with(), found)

    @contextmanager
    def redrawing(self, arm: str) -> Iterator[Path]:
        """A finished arm's folder without its event files; the block writes new ones.

        The arm stays finished whenever the block is interrupted.
        """
        found = self.finished(arm)
        assert found is not None
        with self._writing():
            self._arm(arm).empty_of_events()
        self.finish(arm, found)  # without event files
        yield self.path / arm
        self.finish(arm, found)

    def write(self, file: str, content: bytes) -> None:
        """Write one of the log directory's own files, whole or not at all."""
        with self._writing():
            write_whole(self.path / file, content)

    def write_results(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Write results.json: the arguments, the versions, the device and the results.

        Args:
            found: its other keys ``runtime_seconds``, ``measures``, ``claims`` and ``figures``.
                The last is a list of the figures in the report, in order; each has ``file``, under
                this folder, and ``caption``; a page may have ``preview``, a picture shown in its
                place.

        Returns:
            its content.
        """
        # Loaded late: it takes Keras.
        from normlayers.ensembles.devices import device

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
        """Unlock the folder."""
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
