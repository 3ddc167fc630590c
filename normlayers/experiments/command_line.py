"""How the scripts take and refuse arguments."""

from __future__ import annotations

import argparse
import textwrap
from typing import NoReturn


class UsageError(Exception):
    """What was asked for cannot be done; the message says why in one sentence."""


class ArgumentParser(argparse.ArgumentParser):
    """Shows defaults in its help, and refuses with one sentence and exit code 2."""

    def __init__(self, description: str | None) -> None:
        super().__init__(description=description, formatter_class=_Help, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


class _Help(argparse.HelpFormatter):
    """Adds the default to an option's help, unless it tells it itself or the option is a switch."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        told = "default" in text or action.default in (None, False, argparse.SUPPRESS)
        return text if told else f"{text} (default: %(default)s)"

    def _split_lines(self, text: str, width: int) -> list[str]:
        # Names with hyphens stay whole, to be copied.
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)
