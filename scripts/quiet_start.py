"""How scripts start and end: without TensorFlow's notes, and at once when interrupted."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What the next run does after an interruption.
GOES_ON = "the same command goes on with what is missing"
STARTS_AGAIN = "the same command starts it again"


@contextmanager
def quiet_start() -> Iterator[None]:
    """Drop what is written to standard error while TensorFlow is imported.

    TensorFlow writes its first log messages directly to the file descriptor, before any of its
    settings can stop them. Python's errors are raised and shown as usual. Later messages are
    silenced by TensorFlow's own settings: a script that trains many small networks would print a
    warning about the cost of tracing for each.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def run_script(main: Callable[[], None], then: str = GOES_ON) -> None:
    """Call a script's ``main``; Ctrl-C ends the process with one sentence and exit code 130.

    The process ends without waiting for its threads: a thread that compiles a network cannot be
    interrupted, and may need half a minute. Files are complete or absent whenever that happens.

    Args:
        main: the script.
        then: what the same command does next time.
    """
    try:
        main()
    except KeyboardInterrupt:
        print(f"interrupted; {then}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
