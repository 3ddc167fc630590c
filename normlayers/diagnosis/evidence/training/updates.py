"""What an optimizer makes of weights and gradients, as a function of values."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from normlayers.diagnosis.evidence.training.optimizers import NUMBER_BY_NUMBER

Values = list[Any]


class Updates:
    """An optimizer's steps from any values.

    As one vector, an optimizer's operations are traced once by TensorFlow, which does so for each
    variable, more than half of the time that a step's trace takes.

    Args:
        optimizer: which is not built yet, and is built here.
        variables: that are to be trained; they are not changed.
        as_one: whether they are one vector to the optimizer, see ``may_be_one``; not where their
            types differ.

    Example:
        >>> variable = keras.Variable([1.0, 2.0])
        >>> updates = Updates(keras.optimizers.SGD(0.5), [variable], as_one=True)
        >>> gradient = ops.convert_to_tensor([2.0, -2.0])
        >>> values = updates.begin([variable.value])
        >>> trained, _ = updates.apply([gradient], [ops.copy(variable)], values)
        >>> ops.convert_to_numpy(trained[0]).tolist()
        [0.0, 3.0]
    """

    def __init__(self, optimizer: Any, variables: list[Any], as_one: bool) -> None:
        self._optimizer = optimizer
        self._shapes = [tuple(variable.shape) for variable in variables]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        types = {str(variable.dtype) for variable in variables}
        self._is_one = as_one and len(types) == 1
        # In the place of the model's, which are not to change.
        if self._is_one:
            (dtype,) = types
            self._weights = [keras.Variable(ops.zeros(sum(self._sizes), dtype), dtype=dtype)]
        else:
            self._weights = [_like(v, ops.zeros(v.shape, v.dtype)) for v in variables]
        optimizer.build(self._weights)
        # Beforehand: TensorFlow's steps are taken in the optimizer's variables.
        self._initial = [ops.copy(variable) for variable in optimizer.variables]

    def begin(self, trained: Values) -> Values:
        """The optimizer's values before the first step from these weights."""
        kind = type(self._optimizer)
        if kind in NUMBER_BY_NUMBER:
            return [ops.copy(value) for value in self._initial]
        # Others may begin with what the weights are.
        optimizer = kind.from_config(self._optimizer.get_config())
        optimizer.build([_like(v, w) for v, w in zip(self._weights, trained, strict=True)])
        return [ops.copy(variable) for variable in optimizer.variables]

    def at_rate(self, values: Values, rate: float) -> Values:
        """The optimizer's values with another learning rate."""
        rates = self._optimizer.learning_rate
        return [
            ops.convert_to_tensor(rate, variable.dtype) if variable is rates else value
            for variable, value in zip(self._optimizer.variables, values, strict=True)
        ]

    def apply(self, gradients: Values, trained: Values, values: Values) -> tuple[Values, Values]:
        """Weights and the optimizer's values after a step.

        Args:
            gradients: of each weight.
            trained: the weights.
            values: the optimizer's.
        """
        if self._is_one:
            gradients, trained = [_joined(gradients)], [_joined(trained)]
        if keras.backend.backend() == "tensorflow":  # where Keras has no stateless_apply
            trained, values = self._apply_in_place(gradients, trained, values)
        else:
            trained, values = self._optimizer.stateless_apply(values, gradients, trained)
        return self._parted(trained[0]) if self._is_one else trained, values

    def _apply_in_place(
        self, gradients: Values, trained: Values, values: Values
    ) -> tuple[Values, Values]:
        of_optimizer = self._optimizer.variables
        for variable, value in zip(
            [*self._weights, *of_optimizer], [*trained, *values], strict=True
        ):
            variable.assign(value)
        self._optimizer.apply(gradients, self._weights)
        return [ops.copy(v) for v in self._weights], [ops.copy(v) for v in of_optimizer]

    def _parted(self, vector: Any) -> Values:
        ends = np.cumsum(self._sizes)[:-1].tolist()
        parts = ops.split(vector, ends) if ends else [vector]
        return [ops.reshape(part, s) for part, s in zip(parts, self._shapes, strict=True)]


def _like(variable: Any, value: Any) -> Any:
    return keras.Variable(ops.copy(value), dtype=variable.dtype, name=variable.name)


def _joined(tensors: Values) -> Any:
    return ops.concatenate([ops.reshape(tensor, (-1,)) for tensor in tensors])
