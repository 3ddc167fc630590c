"""The scripts' command line: options, and errors of one sentence."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from normlayers.experiments.running.manifest import refuse_other_run
from normlayers.experiments.running.usage_error import UsageError as UsageError

# Seeds are 32-bit numbers to NumPy, and so to keras.utils.set_random_seed.
LARGEST_SEED = 2**32 - 1
# What says where and how a run is made, not what it is.
APART = ("log_dir", "start_over", "scheduler")
SCHEDULER_HELP = (
    "address of a Dask scheduler, such as tcp://10.0.0.1:8786, whose workers train the networks "
    "(default: this process does)"
)


def folder(text: str) -> Path:
    """A folder given on the command line, for ``type=``; ``~`` is the home folder, also in quotes.

    Raises:
        argparse.ArgumentTypeError: the text is empty, as an unset shell variable is; ``Path`` would
            read it as the current folder. Or there is no such user.

    Example:
        >>> folder("logs").name
        'logs'
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(
            f"{text!r} names no folder; give a folder's path, . for the current one."
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no folder: there is no such user"
        ) from error


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


def check_choice(kind: str, asked: str, choices: Iterable[str]) -> None:
    """Refuse a name that is not among the choices.

    Args:
        kind: what is chosen, such as an optimizer.
        asked: the name.
        choices: the names that there are.

    Raises:
        UsageError: it is none of them.

    Example:
        >>> check_choice("optimizer", "adam", ["sgd", "adam"])
    """
    known = list(choices)
    if asked not in known:
        raise UsageError(f"there is no {kind} {asked!r}; there are {', '.join(known)}.")


class ArgumentParser(argparse.ArgumentParser):
    """Shows defaults in its help, and refuses with one sentence and exit code 2.

    An experiment's script imports what is slow to import between ``accepted`` and ``carry_out``,
    so that nobody waits for TensorFlow to read a help text or an error.
    """

    def __init__(self, description: str | None) -> None:
        super().__init__(description=description, formatter_class=_Help, allow_abbrev=False)

    def accepted(self, experiment: str, checked: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        """The command line's options, for ``carry_out``; without them the program ends.

        Args:
            experiment: its name.
            checked: takes all options but those of ``APART``, and returns the experiment's
                arguments as results.json has them, or raises a ``UsageError``.
        """
        options = vars(self.parse_args())
        asked = {n: v for n, v in options.items() if n not in APART}
        try:
            arguments = checked(**asked)
            refuse_other_run(options["log_dir"], experiment, arguments, options["start_over"])
        except UsageError as error:
            self.error(str(error))
        return options

    def carry_out(self, work: Callable[..., Any], options: Mapping[str, Any]) -> Any:
        """Call a function with options and return its result.

        A ``UsageError`` ends the program with one sentence and exit code 2, an ``OSError`` with
        one sentence and exit code 1.
        """
        try:
            return work(**options)
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
