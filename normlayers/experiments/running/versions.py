"""results.json: what an experiment found, and with what."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import keras

from normlayers.ensembles.devices import device as device

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
