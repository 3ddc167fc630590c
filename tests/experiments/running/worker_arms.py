"""Arms that workers make in tests: they import these functions by name."""

import os
import signal
import time

import numpy as np

from normlayers.ensembles.side_by_side import StoppedError
from normlayers.experiments.running.arms import Kept


def quick(arm, folder, advance):
    """Keeps measures, arrays and a file."""
    (folder / "networks.npy").write_bytes(arm.encode())
    advance(10)
    return Kept({"pid": os.getpid()}, {"networks.npz": {"loss": np.full(3, ord(arm))}})


def endless(notes, arm, folder, advance):
    """Of ``a`` and ``b`` the second goes on until it is stopped; notes what happens in files."""
    while arm == "b":
        (notes / "begun").touch()
        try:
            advance(1)
        except StoppedError:
            (notes / "stopped").touch()
            raise
        if (notes / "enough").exists():
            break
        time.sleep(0.02)
    return quick(arm, folder, advance)


def killed_once(notes, arm, folder, advance):
    """The process ends without a word, the first time."""
    if arm == "b" and not (notes / "killed").exists():
        (notes / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(arm, folder, advance)


def killed_always(logs, arm, folder, advance):
    """The process ends whenever it makes ``b``, once ``a`` is kept."""
    if arm == "b":
        while not (logs / "a" / "arm.json").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(arm, folder, advance)
