"""TensorFlow imported without its notes, and without a search for garbage."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Drop what is written to standard error while TensorFlow is imported, and collect no garbage.

    TensorFlow writes its first log messages directly to the file descriptor, before any of its
    settings can stop them. Python's errors are raised and shown as usual. Later messages are
    silenced by TensorFlow's own settings: a script that trains many small networks would print a
    warning about the cost of tracing for each.

    What is imported stays: to look through it for garbage takes a fifth of the import's time, and
    afterwards a quarter of a second each time.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _imports_kept(), _without_standard_error():
        yield
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def _imports_kept() -> Iterator[None]:
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


@contextmanager
def _without_standard_error() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
