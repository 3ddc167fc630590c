"""Variables that a run of a model may change, and what they were before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from keras import ops


class KeptValues:
    """The values of variables, to be given back.

    Args:
        variables: Keras's.

    Example:
        >>> import keras
        >>> counter = keras.Variable(1.0)
        >>> kept = KeptValues([counter])
        >>> _ = counter.assign(5.0)
        >>> kept.give_back()
        >>> float(counter.value)
        1.0
    """

    def __init__(self, variables: Iterable[Any]) -> None:
        self._kept = [(variable, _value(variable)) for variable in variables]

    def give_back(self) -> None:
        """Set those that have changed: a scaling layer reads statistics anew that were set."""
        for variable, value in self._kept:
            if _value(variable).tobytes() != value.tobytes():
                variable.assign(value)


def _value(variable: Any) -> Any:
    return np.array(ops.convert_to_numpy(ops.copy(variable)))
