"""The versions that an experiment runs with."""

from __future__ import annotations

import platform
from importlib.metadata import version

import keras

from normlayers.experiments.running.source_digest import source_digest

LIBRARIES = ("normlayers", "keras", "numpy", "scikit-learn", "matplotlib", "tensorboard")


def versions(*makers: str) -> dict[str, str]:
    """Versions of everything that an experiment's numbers depend on.

    Args:
        makers: the names of the modules that make the experiment's arms. ``source`` is a digest
            of their code and of what they import from this package, see ``source_digest``.
    """
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        **{library: version(library) for library in (*LIBRARIES, backend)},
        "backend": backend,
        "source": source_digest(*makers),
    }
