"""arguments.json: the arguments of the run that a log directory holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normlayers.experiments.running.usage_error import UsageError

MANIFEST, RESULTS = "arguments.json", "results.json"
KINDS = {"experiment": str, "arms": list, "arguments": dict, "versions": dict}


def read_manifest(
    folder: Path, experiment: str, known_arms: Sequence[str] | None = None
) -> dict[str, Any] | None:
    """The content of an earlier run's arguments.json; ``None`` if there is none.

    Args:
        folder: the log directory.
        experiment: the experiment's name.
        known_arms: all arms that the experiment has; ``None``: whatever arms it names.

    Raises:
        UsageError: the file is not one that the experiment wrote. It is checked because the arms
            that it names are folders that may be removed.
        OSError: the file cannot be read.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        manifest = None
    if not _is_manifest(manifest):
        raise UsageError(
            f"{path} is not what an experiment wrote; choose another --log-dir or move it away."
        )
    if manifest["experiment"] != experiment:
        raise UsageError(
            f"{folder} holds a run of {manifest['experiment']}, not of {experiment}; "
            "choose another --log-dir."
        )
    unknown = [arm for arm in manifest["arms"] if known_arms and arm not in known_arms]
    if unknown:
        raise UsageError(
            f"{path} names the arm {unknown[0]!r}, which {experiment} does not have; "
            "choose another --log-dir or move that run away."
        )
    return manifest


def refuse_other_arguments(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to mix runs with different arguments.

    Args:
        folder: the log directory.
        before: an earlier run's arguments.
        now: this run's.

    Raises:
        UsageError: they differ.
    """
    differing = [name for name in now if before.get(name) != now[name]]
    if differing:
        asked = ", ".join(
            f"--{name} {_spelled(before.get(name))} (now {_spelled(now[name])})"
            for name in differing
        )
        raise UsageError(
            f"{folder} holds a run made with {asked}; "
            "choose another --log-dir, or --start-over to remove that run."
        )


def refuse_other_run(
    folder: Path, experiment: str, arguments: Mapping[str, Any], start_over: bool
) -> None:
    """Refuse a folder of which a look shows that the run cannot write to it.

    What only shows in writing, ``LogDirectory.open`` refuses.

    Args:
        folder: the log directory.
        experiment: the experiment's name.
        arguments: of the run.
        start_over: whether another run of the experiment is to be removed.

    Raises:
        UsageError: it is no folder, or holds another experiment or a run with other arguments.
    """
    try:
        is_file = folder.exists() and not folder.is_dir()
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be a folder ({error.strerror}); choose another --log-dir."
        ) from None
    if is_file:
        raise UsageError(f"{folder} is no folder; choose another --log-dir.")
    try:
        earlier = read_manifest(folder, experiment)
    except OSError:
        return
    if earlier is not None and not start_over:
        refuse_other_arguments(folder, earlier["arguments"], arguments)


def _is_manifest(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and set(content) == set(KINDS)
        and all(isinstance(content[name], kind) for name, kind in KINDS.items())
        and all(isinstance(arm, str) for arm in content["arms"])
    )


def _spelled(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
