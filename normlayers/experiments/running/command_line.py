"""How the scripts take and refuse arguments."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

# Seeds are 32-bit numbers to NumPy, and so to keras.utils.set_random_seed.
LARGEST_SEED = 2**32 - 1


class UsageError(Exception):
    """What was asked for cannot be done; the message says why in one sentence."""


def folder(text: str) -> Path:
    """A folder as it is given on the command line, for ``type=``.

    Raises:
        argparse.ArgumentTypeError: it is empty, as an unset variable of the shell is; ``Path``
            takes that for the current folder.

    Example:
        >>> folder("logs").name
        'logs'
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(
            f"{text!r} names no folder; give a folder's path, . for the current one."
        )
    return Path(text)


def chosen_arms(asked: Sequence[str], arms: Sequence[str]) -> list[str]:
    """The arms asked for, in the order of ``arms``.

    Raises:
        UsageError: there is one that is none of ``arms``, or none at all.
    """
    unknown = [arm for arm in asked if arm not in arms]
    if unknown or not asked:
        raise UsageError(
            f"there is no arm {unknown[0] if unknown else ''!r}; the arms are {', '.join(arms)}."
        )
    return [arm for arm in arms if arm in asked]


def check_ranges(arguments: Mapping[str, Any], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse arguments out of range.

    Args:
        arguments: by the options' names.
        ranges: the least and the most that an option may be.

    Raises:
        UsageError: one is not in its range.

    Example:
        >>> check_ranges({"epochs": 3}, {"epochs": (1, 1000)})
    """
    for name, (least, most) in ranges.items():
        if not least <= arguments[name] <= most:
            raise UsageError(f"--{name} must be from {least} to {most}, not {arguments[name]}.")


class ArgumentParser(argparse.ArgumentParser):
    """Shows defaults in its help, and refuses with one sentence and exit code 2."""

    def __init__(self, description: str | None) -> None:
        super().__init__(description=description, formatter_class=_Help, allow_abbrev=False)

    def run(self, experiment: Callable[..., Any]) -> Any:
        """Call an experiment with the command line's options and return what it returns.

        What cannot be done, and what the disk refuses, ends the program in one sentence.
        """
        options = self.parse_args()
        try:
            return experiment(**vars(options))
        except UsageError as error:
            self.error(str(error))
        except OSError as error:  # a full disk, say
            self.exit(1, f"{self.prog}: stopped: {error}\n")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


class _Help(argparse.HelpFormatter):
    """Adds the default to an option's help, unless it tells it itself or the option is a switch."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        untold = (None, False, argparse.SUPPRESS)
        # By identity: a default of 0 is to be told.
        told = "default" in text or any(action.default is value for value in untold)
        return text if told else f"{text} (default: %(default)s)"

    def _split_lines(self, text: str, width: int) -> list[str]:
        # Names with hyphens stay whole, to be copied.
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)
