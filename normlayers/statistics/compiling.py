"""When the loops over the data are compiled.

numba takes half a second to import and as long again to load what it has compiled (4 s where it
has compiled nothing yet). In that time NumPy counts some thousand million values; so that many are
counted before numba is loaded, and no program takes more than twice as long as the faster of both.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import numpy.typing as npt

# Values that NumPy counts in this process before loops are compiled.
VALUES_BEFORE = 1 << 30
# Blocks with fewer values are counted the plain way: the time does not matter.
FEW_VALUES = 1 << 16
# What the loops take, in the machine's byte order.
TYPES = frozenset(np.dtype(name) for name in ("e", "f", "d", "b", "B", "h", "H", "i", "I"))

_counted = 0
_missing = find_spec("numba") is None


def loops_for(block: npt.NDArray) -> ModuleType | None:
    """The module of compiled loops, for a block whose loop is worth it; or ``None``.

    Args:
        block: what is to be counted; its values are remembered as counted.
    """
    global _counted, _missing
    if _missing or block.size < FEW_VALUES or block.dtype not in TYPES:
        return None
    _counted += block.size
    if _counted <= VALUES_BEFORE:
        return None
    try:
        return import_module("normlayers.statistics.compiled_loops")
    except ImportError:  # a numba that refuses this NumPy
        _missing = True
        return None
