"""What keeps a watcher's errors from what it watches."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from normlayers.tracking.tracker_arguments import check_flag

# Colours of a terminal, which Keras's errors are written in.
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What Keras appends: all that a layer was called with, or a class as an example.
_APPENDED = re.compile(r"Arguments received by|Example:\s*\n")


class Guard:
    """Runs actions, and after the first that fails, no more.

    Where warnings are errors, the warning of it is printed to stderr instead. Of numbers that are
    not finite, as a model's that has diverged, NumPy neither warns nor raises meanwhile.

    Args:
        watcher: what the warning calls the one who acts.
        strict: raise what an action raises, instead of one warning.
        release: called after a failure, to let go of what is held; its errors are dropped.

    Raises:
        ValueError: ``strict`` is not a boolean.

    Attributes:
        stopped: whether an action has failed; set it to ``False`` to begin anew.

    Example:
        >>> guard = Guard("watcher", strict=False)
        >>> with warnings.catch_warnings(record=True) as warned:
        ...     for divisor in (1, 0, 0):
        ...         guard.run(lambda: 1 / divisor)
        >>> [str(warning.message) for warning in warned]
        ['watcher stopped, training goes on: division by zero']
    """

    def __init__(
        self, watcher: str, strict: bool = False, release: Callable[[], None] = lambda: None
    ) -> None:
        check_flag("strict", strict)
        self.stopped = False
        self._watcher = watcher
        self._strict = strict
        self._release = release

    def run(self, action: Callable[[], None]) -> None:
        """Run an action, unless an earlier one has failed."""
        if self.stopped:
            return
        try:
            with np.errstate(all="ignore"):
                action()
        except Exception as error:
            self.stopped = True
            with suppress(Exception):
                self._release()
            if self._strict:
                raise
            message = type(error).__name__
            with suppress(Exception):  # an error that cannot be told
                message = plain_message(error) or message
            warn_without_raising(
                f"{self._watcher} stopped, training goes on: {message}", stacklevel=4
            )


def warn_without_raising(message: str, stacklevel: int = 2) -> None:
    """Give a ``UserWarning``; where it is raised, as by ``python -W error``, print it to stderr.

    Args:
        message: the warning.
        stacklevel: as for ``warnings.warn``: 1 attributes it to the line that calls this function.

    Example:
        >>> import contextlib
        >>> with warnings.catch_warnings(), contextlib.redirect_stderr(sys.stdout):
        ...     warnings.simplefilter("error")
        ...     warn_without_raising("there are no points")
        UserWarning: there are no points
    """
    try:
        warnings.warn(message, stacklevel=stacklevel + 1)
    except Exception:  # the warning itself, or what a showwarning of the user's own raises
        # Without a stream, print() would take stdout.
        if sys.stderr is not None:
            with suppress(Exception):  # it may be closed
                print(f"UserWarning: {message}", file=sys.stderr)


def plain_message(error: Exception) -> str:
    """An error's message as one paragraph, without terminal codes and what Keras appends.

    Example:
        >>> plain_message(ValueError("\\x1b[1mNo.\\x1b[0m\\n\\nArguments received by Dense.call()"))
        'No.'
    """
    message = _TERMINAL_CODES.sub("", str(error))
    return " ".join(_APPENDED.split(message)[0].split())
