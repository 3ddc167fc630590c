"""How the scripts take and refuse arguments."""

from __future__ import annotations

import argparse
from typing import NoReturn


class UsageError(Exception):
    """What was asked for cannot be done; the message says why in one sentence."""


class ArgumentParser(argparse.ArgumentParser):
    """Shows every default in its help, and refuses with one sentence and exit code 2."""

    def __init__(self, description: str) -> None:
        super().__init__(
            description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")
