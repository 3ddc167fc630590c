"""What XLA is asked before it compiles its first program: one kernel a loop, long vectors."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from importlib.metadata import PackageNotFoundError, version

FLAGS = "XLA_FLAGS"
# Releases of TensorFlow whose XLA knows all of the options; it ends the process for one unknown.
KNOWN_IN = "2.21."
# Loops that touch at most so many bytes become one kernel. XLA runs each step of others as a
# dozen kernels, and to start one takes as long as a few hundred small networks do in it. Loops
# with matrix products are slower in one kernel; the networks of this experiment have none.
OPTIONS = (
    "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=10000000",
    # Sums by a library of kernels, which cannot be part of one.
    "--xla_cpu_experimental_ynn_fusion_type=",
    # Vectors as long as the processor has them, where XLA takes half as long ones.
    "--xla_cpu_prefer_vector_width=512",
)


def ask_for_fast_loops(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let XLA compile loops on the processor as one kernel, of long vectors: half of the time.

    It holds for the whole process, and only where XLA has not compiled anything yet. Results
    change by rounding.

    Args:
        environment: of the process. What it asks of XLA already stays; nothing is added where it
            names one of these options itself, or TensorFlow's release is not ``KNOWN_IN``.

    Example:
        >>> asked = {"XLA_FLAGS": "--xla_backend_extra_options=xla_cpu_fast"}
        >>> ask_for_fast_loops(asked)
        >>> asked
        {'XLA_FLAGS': '--xla_backend_extra_options=xla_cpu_fast'}
    """
    try:
        is_known = version("tensorflow").startswith(KNOWN_IN)
    except PackageNotFoundError:
        return
    asked = environment.get(FLAGS, "")
    if is_known and not any(option.split("=")[0] in asked for option in OPTIONS):
        environment[FLAGS] = " ".join([*asked.split(), *OPTIONS])
