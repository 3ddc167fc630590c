"""What a loss is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.problem import reason
from normlayers.inference.graph import is_of_keras

_KINDS = {
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
    "categorical_crossentropy": "categorical",
    "categorical_focal_crossentropy": "categorical",
    "sparse_categorical_crossentropy": "sparse",
    "mean_squared_error": "regression",
    "mean_absolute_error": "regression",
    "huber": "regression",
    "log_cosh": "regression",
    "mean_absolute_percentage_error": "relative",
    "mean_squared_logarithmic_error": "relative",
    "poisson": "relative",
    "hinge": "hinge",
    "squared_hinge": "hinge",
}
# They take the logarithm of what is predicted.
LOGARITHMIC = ("poisson", "mean_squared_logarithmic_error")
PERCENTAGE = "mean_absolute_percentage_error"
PERCENTAGE_EPSILON = 1e-7  # Keras's
# A target that counts for so many others rules the loss. Prices that spread over three orders of
# magnitude, of which a relative error is what is wanted, have a thousand.
RULING = 1e4
_BY_CLASS = {"MeanSquaredLogarithmicError": "relative", "LogCosh": "regression"}


@dataclass(frozen=True)
class Loss:
    """A loss that was recognized.

    Attributes:
        kind: ``"binary"``, ``"categorical"``, ``"sparse"`` (cross-entropies), ``"regression"``,
            ``"relative"`` (regression whose scale does not matter), ``"hinge"``; or ``""`` for
            one of somebody's own and others.
        name: as Keras calls it.
        from_logits: whether it takes logits.
        ignored: the class that it leaves out, ``None`` for none.
        axis: of the output along which its classes are.
        own: whether it is somebody's own, and none of Keras's.
    """

    kind: str
    name: str
    from_logits: bool
    ignored: int | None = None
    axis: int = -1
    own: bool = False


def known_loss(loss: Any) -> Loss:
    """What a loss is.

    Args:
        loss: a name, a class, an object or a function, as ``compile`` takes them.

    Example:
        >>> known_loss("mse").kind, known_loss(keras.losses.BinaryCrossentropy(True)).from_logits
        ('regression', True)
    """
    try:
        found: Any = keras.losses.get(loss) if isinstance(loss, str | dict) else loss
    except ValueError:
        return Loss("", str(loss), False)
    if inspect.isclass(found):
        found = found()
    options: Mapping[str, Any] = {}
    own = False
    if isinstance(found, functools.partial):
        options, found = found.keywords, found.func
    if isinstance(found, keras.losses.Loss):
        if not is_of_keras(type(found)):
            return Loss("", type(found).__name__, False, own=True)
        options = found.get_config()
        kind = _BY_CLASS.get(type(found).__name__, "")
        name = getattr(getattr(found, "fn", None), "__name__", type(found).__name__)
        kind = kind or _KINDS.get(name, "")
    else:
        name = getattr(found, "__name__", type(found).__name__)
        own = not is_of_keras(found)
        kind = "" if own else _KINDS.get(name, "")
    ignored, axis = options.get("ignore_class"), options.get("axis", -1)
    return Loss(kind, name, bool(options.get("from_logits")), ignored, axis, own)


def loss_kind(loss: Any) -> Loss | None:
    """What a loss is; ``None`` where there is none."""
    return None if loss is None else known_loss(loss)


def refusal(loss: Any, y: Any, predicted: Any) -> str:
    """Why a loss cannot be computed, as ``fit`` computes it; ``""`` where it can.

    Args:
        loss: as ``compile`` takes one.
        y: the targets, an array or a tensor.
        predicted: the output, a tensor.

    Example:
        >>> refusal("mse", np.zeros((5, 1)), np.zeros((5, 3)))
        ''
        >>> bool(refusal("mse", np.zeros((5, 2)), np.zeros((5, 3))))
        True
    """
    try:
        computed(loss, y, predicted)
    except Exception as error:  # each backend, and each loss of somebody's own, raises its own
        return reason(error)
    return ""


def largest_weight(y: npt.NDArray[Any]) -> float:
    """By how much the smallest target counts for more than the median one in a percentage error.

    That divides by targets, and by 1e-7 where they are smaller.

    Args:
        y: finite numbers.

    Example:
        >>> largest_weight(np.array([2.0, 2.0, 0.5])), largest_weight(np.array([0.0, 2.0, 3.0]))
        (4.0, 20000000.0)
    """
    sizes = np.maximum(np.abs(np.asarray(y, float)), PERCENTAGE_EPSILON)
    return float(np.median(sizes) / sizes.min()) if sizes.size else 1.0


def computed(loss: Any, y: Any, predicted: Any) -> Any:
    """A loss as ``fit`` computes it, a tensor.

    Args:
        loss: as ``compile`` takes one.
        y: the targets, an array or a tensor.
        predicted: the output, likewise.

    Example:
        >>> float(computed("mse", np.zeros((5, 1)), 2 * np.ones((5, 1))))
        4.0
    """
    return alone(loss)(y, predicted)


def alone(loss: Any) -> Callable[[Any, Any], Any]:
    """A loss as ``fit`` computes it, of targets and an output, by a model that has nothing else."""
    model = keras.Sequential()
    model.compile(loss=loss)

    def of(y: Any, predicted: Any) -> Any:
        return model.compute_loss(None, *map(keras.ops.convert_to_tensor, (y, predicted)))

    return of
