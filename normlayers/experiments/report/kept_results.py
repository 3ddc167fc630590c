"""results.json, read again: whole, or with a reason why not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from normlayers.experiments.running.manifest import MANIFEST, RESULTS

NUMBER = (int, float)
KEYS: dict[str, Any] = {
    "arguments": dict, "versions": dict, "device": str, "runtime_seconds": NUMBER,
    "measures": dict, "claims": list,
}  # fmt: skip
OF_A_CLAIM: dict[str, Any] = {
    "id": str, "claim": str, "measure": str, "rule": str, "value": NUMBER, "ci95": list,
    "n": int, "exact": bool, "verdict": str, "figure": str,
}  # fmt: skip
OF_A_FIGURE: dict[str, Any] = {"file": str, "caption": str}
# Of a figure that is a page, the picture to show in its place.
PREVIEW: dict[str, Any] = {"preview": str}


class NoResultsError(Exception):
    """There are none that can be read; the message says why: that results.json ``is missing``."""


def read_results(folder: Path) -> dict[str, Any]:
    """The content of an experiment's results.json.

    Args:
        folder: the experiment's log directory, of the experiment's name.

    Returns:
        its content; ``figures`` is there, be it empty.

    Raises:
        NoResultsError: the file is not there, half-written, or not what the experiment writes.
    """
    try:
        content = json.loads((folder / RESULTS).read_bytes())
    except FileNotFoundError:
        raise NoResultsError("is missing") from None
    except OSError as error:
        raise NoResultsError(f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise NoResultsError("is half-written") from error
    if not isinstance(content, dict):
        raise NoResultsError("holds no JSON object")
    if content.get("experiment") != folder.name:
        raise NoResultsError(f"is not of {folder.name}")
    content.setdefault("figures", [])
    _refuse_other_kinds(content, {**KEYS, "figures": list}, "")
    for row in content["claims"]:
        _refuse_other_kinds(row, OF_A_CLAIM, "a claim's ")
        if not re.fullmatch(r"A\d\.\d+", row["id"]):
            raise NoResultsError(f"holds a claim {row['id']!r}, which is no claim's id")
        if len(row["ci95"]) != 2 or not all(isinstance(end, NUMBER) for end in row["ci95"]):
            raise NoResultsError(f"holds no interval of claim {row['id']}")
    for figure in content["figures"]:
        told = isinstance(figure, dict) and "preview" in figure
        _refuse_other_kinds(figure, OF_A_FIGURE | PREVIEW if told else OF_A_FIGURE, "a figure's ")
    return content


def why_again(folder: Path) -> str | None:
    """What an earlier run left amiss here, as ``read_results`` says; ``None`` if nothing."""
    if not (folder / RESULTS).exists() and not (folder / MANIFEST).exists():
        return None
    try:
        read_results(folder)
    except NoResultsError as error:
        return str(error)
    return None


def _refuse_other_kinds(found: Any, kinds: dict[str, Any], where: str) -> None:
    for name, kind in kinds.items():
        if not isinstance(found, dict) or not isinstance(found.get(name), kind):
            raise NoResultsError(f"lacks {where}{name!r}")
