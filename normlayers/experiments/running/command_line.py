"""The scripts' command line: options, and errors of one sentence."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

# Seeds are 32-bit numbers to NumPy, and so to keras.utils.set_random_seed.
LARGEST_SEED = 2**32 - 1


class UsageError(Exception):
    """The request cannot be carried out; the message says why in one sentence."""


def folder(text: str) -> Path:
    """A folder given on the command line, for ``type=``.

    Raises:
        argparse.ArgumentTypeError: the text is empty, as an unset shell variable is; ``Path`` would
            read it as the current folder.

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
    """The chosen arms, in the order of ``arms``.

    Raises:
        UsageError: one of them is not in ``arms``, or none is chosen.
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
        arguments: by option name.
        ranges: the smallest and the largest value of each option.

    Raises:
        UsageError: an argument is out of its range.

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
        """Call an experiment with the command line's options and return its result.

        A ``UsageError`` ends the program with one sentence and exit code 2, an ``OSError`` with
        one sentence and exit code 1.
        """
        options = self.parse_args()
        try:
            return experiment(**vars(options))
        except UsageError as error:
            self.error(str(error))
        except OSError as error:  # a full disk, say
            self.exit(1, f"{self.prog}: stopped: {error}\n")

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


class _Help(argparse.HelpFormatter):
    """Adds the default to an option's help, unless the help names it or the option is a switch."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        without = (None, False, argparse.SUPPRESS)
        # By identity, as 0 == False: a default of 0 is shown.
        complete = "default" in text or any(action.default is value for value in without)
        return text if complete else f"{text} (default: %(default)s)"

    def _split_lines(self, text: str, width: int) -> list[str]:
        # Names with hyphens are not broken, so that they can be copied.
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)
