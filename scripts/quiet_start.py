"""How scripts start and end: without TensorFlow's notes, and at once when interrupted."""

import io
import os
import sys
from collections.abc import Callable

from normlayers.experiments.running.quiet_start import quiet_start as quiet_start

# What the next run does after an interruption.
GOES_ON = "the same command goes on with what is missing"
STARTS_AGAIN = "the same command starts it again"


def run_script(main: Callable[[], None], then: str = GOES_ON) -> None:
    """Call a script's ``main``; Ctrl-C ends the process with one sentence and exit code 130.

    The process ends without waiting for its threads: a thread that compiles a network cannot be
    interrupted, and may need half a minute. Files are complete or absent whenever that happens.

    Args:
        main: the script.
        then: what the same command does next time.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows "?" where it has no such character.
            stream.reconfigure(errors="replace")
    try:
        main()
    except KeyboardInterrupt:
        print(f"interrupted; {then}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
