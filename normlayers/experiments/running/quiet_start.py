"""TensorFlow imported without its notes."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager


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
