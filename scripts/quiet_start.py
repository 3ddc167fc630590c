"""Keeps TensorFlow's start-up notes off the screen."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Drop what is written to standard error while TensorFlow is imported.

    TensorFlow writes its first notes past Python, to the file descriptor, before any setting of
    its own can stop them. Python's errors are raised as ever, and so shown. Later notes are
    silenced by TensorFlow's own settings: a script that trains one small network after another
    would be told each time that tracing them is expensive.
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
