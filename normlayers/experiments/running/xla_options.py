"""What XLA is asked before it compiles its first program."""

from __future__ import annotations

import os
from collections.abc import MutableMapping, Sequence
from importlib.metadata import PackageNotFoundError, version

FLAGS = "XLA_FLAGS"
# Releases of TensorFlow whose XLA knows the options that are asked here; it ends the process for
# one unknown.
KNOWN_IN = "2.21."


def ask_of_xla(options: Sequence[str], environment: MutableMapping[str, str] = os.environ) -> None:
    """Let XLA compile as an experiment's programs are fastest.

    It holds for the whole process, and only where XLA has not compiled anything yet; not for the
    workers of a Dask cluster, whose results may differ by rounding.

    Args:
        options: of XLA, as in ``XLA_FLAGS``.
        environment: of the process. What it asks of XLA already stays; nothing is added where it
            names one of these options itself, or TensorFlow's release is not ``KNOWN_IN``.

    Example:
        >>> asked = {"XLA_FLAGS": "--xla_backend_optimization_level=1"}
        >>> ask_of_xla(["--xla_backend_optimization_level=2"], asked)
        >>> asked
        {'XLA_FLAGS': '--xla_backend_optimization_level=1'}
    """
    try:
        is_known = version("tensorflow").startswith(KNOWN_IN)
    except PackageNotFoundError:
        return
    asked = environment.get(FLAGS, "")
    if is_known and not any(option.split("=")[0] in asked for option in options):
        environment[FLAGS] = " ".join([*asked.split(), *options])
