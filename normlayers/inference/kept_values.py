"""Variables that a run of a model may change, and what they were before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

Array = npt.NDArray[Any]


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
        self._kept = [(variable, value_of(variable)) for variable in variables]

    def give_back(self) -> None:
        """Set those that have changed: a scaling layer reads statistics anew that were set."""
        for variable, value in self._kept:
            if value_of(variable).tobytes() != value.tobytes():
                variable.assign(value)


def value_of(variable: Any) -> Array:
    """A variable's or tensor's value, as an array of its own.

    Example:
        >>> import keras
        >>> value_of(keras.Variable([1.0, 2.0])).tolist()
        [1.0, 2.0]
    """
    # A copy: a variable mirrored over devices converts to no array itself, and JAX gives the
    # arrays of others up while they are trained.
    return np.array(ops.convert_to_numpy(ops.copy(variable)))
