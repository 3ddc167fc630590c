"""The folder an experiment writes to: taken up where an earlier run left it, never mixed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normlayers.experiments.command_line import UsageError
from normlayers.experiments.results import write_json

# What the experiment was asked for; in the log directory.
MANIFEST = "arguments.json"
# What an arm found; in the arm's folder, and the last thing written there.
ARM = "arm.json"
RESULTS = "results.json"
# What the experiments write to an arm's folder; nothing else is ever removed from it.
OWN_FILES = (ARM, "events.out.tfevents.*", "*.gif", "*.png", "model.keras")


class LogDirectory:
    """A folder of one experiment's arms, each in a folder of its own.

    Args:
        path: the folder.
        experiment: the experiment's name.
        arms: the names of its arms.
        arguments: what it was asked for; a folder holds runs of one set of arguments.
        versions: what it runs with; arms made with other versions are made again.
    """

    def __init__(
        self,
        path: Path,
        experiment: str,
        arms: Sequence[str],
        arguments: Mapping[str, Any],
        versions: Mapping[str, str],
    ) -> None:
        self.path = path
        self._manifest: dict[str, Any] = {
            "experiment": experiment,
            "arms": list(arms),
            "arguments": dict(arguments),
            "versions": dict(versions),
        }

    def open(self, start_over: bool = False) -> None:
        """Get the folder ready to write the arms to.

        Args:
            start_over: remove what an earlier run wrote here, whatever its arguments.

        Raises:
            UsageError: the folder cannot be written to, or holds another run.
                Nothing was written.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is no folder; choose another --log-dir.")
        earlier = self._read_manifest()
        if earlier is not None and not start_over:
            self._refuse_other_arguments(earlier)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.path / MANIFEST, self._manifest)
        except OSError as error:
            raise UsageError(
                f"cannot write to {self.path} ({error.strerror}); choose another --log-dir."
            ) from error
        if earlier is not None and (start_over or earlier != self._manifest):
            for arm in earlier["arms"]:
                self._empty(arm)
            (self.path / RESULTS).unlink(missing_ok=True)

    def finished(self, arm: str) -> dict[str, Any] | None:
        """What an arm found, if it was run to its end; else ``None``."""
        try:
            return _read_object(self.path / arm / ARM)
        except (OSError, ValueError):
            return None

    def begin(self, arm: str) -> Path:
        """The arm's folder, without what an interrupted run left there."""
        self._empty(arm)
        folder = self.path / arm
        folder.mkdir(exist_ok=True)
        return folder

    def finish(self, arm: str, found: Mapping[str, Any]) -> None:
        """Note what an arm found, which makes it a finished one."""
        write_json(self.path / arm / ARM, found)

    def write_results(self, content: Mapping[str, Any]) -> None:
        """Write results.json."""
        write_json(self.path / RESULTS, content)

    def _empty(self, arm: str) -> None:
        folder = self.path / Path(arm).name
        for pattern in OWN_FILES:
            for file in folder.glob(pattern):
                file.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _read_manifest(self) -> dict[str, Any] | None:
        path = self.path / MANIFEST
        try:
            return _read_object(path)
        except FileNotFoundError:
            names = (*self._manifest["arms"], RESULTS)
            taken = [name for name in names if (self.path / name).exists()]
            if not taken:
                return None
            raise UsageError(
                f"{self.path / taken[0]} exists and is not known to be this experiment's; "
                "choose another --log-dir or move it away."
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not what an experiment wrote"
            raise UsageError(f"cannot read {path} ({reason}); choose another --log-dir.") from error

    def _refuse_other_arguments(self, earlier: Mapping[str, Any]) -> None:
        if earlier.get("experiment") != self._manifest["experiment"]:
            raise UsageError(
                f"{self.path} holds a run of {earlier.get('experiment')}; "
                "choose another --log-dir, or --start-over to remove that run."
            )
        before, now = earlier["arguments"], self._manifest["arguments"]
        differing = [name for name in now if before.get(name) != now[name]]
        if differing:
            asked = ", ".join(
                f"--{name} {_spelled(before.get(name))} (now {_spelled(now[name])})"
                for name in differing
            )
            raise UsageError(
                f"{self.path} holds a run made with {asked}; "
                "choose another --log-dir, or --start-over to remove that run."
            )


def _read_object(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no JSON object")
    return content


def _spelled(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
