"""results.json: what an experiment found, and with what."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

import keras

PACKAGE = Path(__file__).parents[2]
LIBRARIES = ("normlayers", "keras", "numpy", "scikit-learn", "matplotlib", "tensorboard")


def versions() -> dict[str, str]:
    """Versions of everything that the results depend on.

    ``source`` is a digest of this package's code, which tells apart what one version number
    does not.
    """
    backend = keras.backend.backend()
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes())
    return {
        "python": platform.python_version(),
        **{library: version(library) for library in (*LIBRARIES, backend)},
        "backend": backend,
        "source": digest.hexdigest()[:12],
    }


def device() -> str:
    """The devices that Keras computes on, and the cores beside them."""
    return f"{', '.join(devices())}; {os.cpu_count()} cores"


def devices() -> list[str]:
    """Names of the devices that Keras computes on, such as ``"cpu:0"`` and ``"gpu:0"``."""
    if keras.backend.backend() == "torch":  # of which Keras gives no list
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return [name.lower() for name in keras.distribution.list_devices()]
