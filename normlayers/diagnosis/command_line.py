"""``python -m normlayers diagnose MODEL.keras DATA.npz``: for scripts and CI."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

ERRORS_FOUND, BAD_USAGE = 1, 2
READ = ("x", "y", "x_val", "y_val")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: without the program's name; ``None`` for those of the process.

    Returns:
        the exit code: 0, or 1 where an error was found, or 2 where the files cannot be read, the
        model cannot be run on the data, or what was found cannot be written.
    """
    options = _parser().parse_args(arguments)
    try:
        diagnosis = _diagnosis(options)
    except Exception as error:  # a file may be broken in any way
        print(f"normlayers diagnose: {_one_line(error)}", file=sys.stderr)
        return BAD_USAGE
    as_json = options.json and json.dumps(diagnosis.to_dict(), indent=2, allow_nan=False)
    try:
        print(as_json or diagnosis, flush=True)
    except OSError as error:  # of a disk that is full, or a pipe whose reader has gone
        print(f"normlayers diagnose: nothing could be written: {error}", file=sys.stderr)
        # Python writes what is left once more when it ends, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_USAGE
    return ERRORS_FOUND if diagnosis.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m normlayers", description="Normalization you can see working."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    diagnose = commands.add_parser(
        "diagnose",
        help="name what is wrong with a model, its data and its training",
        description="Name what is wrong with a model, its data and its training. "
        "The exit code is 1 where an error was found.",
    )
    diagnose.add_argument("model", type=Path, metavar="MODEL.keras", help="a saved Keras model")
    diagnose.add_argument(
        "data", type=Path, metavar="DATA.npz", help="arrays x, and perhaps y, x_val and y_val"
    )
    diagnose.add_argument("--json", action="store_true", help="print JSON instead of a table")
    diagnose.add_argument(
        "--batch-size", type=int, default=32, metavar="N", help="of training (default: 32)"
    )
    diagnose.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    return parser


def _diagnosis(options: argparse.Namespace) -> Any:
    data = _read(options.data)
    if not options.model.is_file():
        raise ValueError(f"there is no file {options.model}")
    import keras  # now, that there is something to be read

    from normlayers.diagnosis.diagnose import diagnose

    # In safe mode, Keras's default, no code that the file brings along is run.
    model = keras.saving.load_model(options.model, safe_mode=True)
    validation = (data["x_val"], data.get("y_val")) if "x_val" in data else None
    unread = sorted(data.keys() - set(READ if validation else READ[:2]))
    if unread:
        print(f"normlayers diagnose: not read of {options.data}: {', '.join(unread)}; "
              f"it reads {', '.join(READ)}, and y_val with x_val.", file=sys.stderr)  # fmt: skip
    return diagnose(model, data["x"], data.get("y"), validation, options.batch_size, options.seed)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        loaded = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile):  # whose words are of Python's own formats
        loaded = None
    if not hasattr(loaded, "files"):
        raise ValueError(f"{path} must be an .npz archive of arrays, as numpy.savez writes")
    with loaded:
        if "x" not in loaded.files:
            raise ValueError(f"{path} must hold an array x. It holds: {', '.join(loaded.files)}")
        return {name: _array(loaded, name, path) for name in loaded.files}


def _array(loaded: Any, name: str, path: Path) -> Any:
    try:
        return loaded[name]
    except ValueError as error:  # pickled objects, which may be code
        raise ValueError(
            f"the array {name} of {path} must be of numbers or text, not of Python objects, which "
            "are not loaded from a file"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split("\n\n")[0].split()) or type(error).__name__
