"""What a diagnosis runs: a copy of the model, or where it cannot be copied the model itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.problem import CannotCheckError, reason
from normlayers.inference.graph import inner_layers, is_of_keras
from normlayers.inference.kept_values import value_of
from normlayers.inference.layer_copy import compute_with_weights, layer_like
from normlayers.tracking.reading.compiled_reading import build
from normlayers.tracking.reading.kept_attributes import kept_attributes
from normlayers.tracking.step_numbers import iterations

Array = npt.NDArray[Any]

# Modules whose layers say all about themselves in their configuration.
FAITHFUL = ("keras.", "normlayers.")
# Keras's layers whose state is in a table, and not in weights.
_WITH_TABLES = ("StringLookup", "IntegerLookup", "TextVectorization", "Discretization")


@dataclass(frozen=True)
class Subject:
    """A model to be run in a diagnosis.

    Attributes:
        model: a built model; run it in a ``keras.StatelessScope``.
        original: the user's; the same where it could not be copied.
        values: of each variable of ``model``, as they are now.
        initial: the same, where its trainable weights are as right after initialization; ``None``
            where that is not known.
        trained: whether the model seems to have been trained.
        steps: that its optimizer has taken; 0 where it has none.
    """

    model: keras.Model
    original: keras.Model
    values: list[Array]
    initial: list[Array] | None
    trained: bool
    steps: int


@contextmanager
def subject_of(model: keras.Model, x: Any) -> Iterator[Subject]:
    """A model to be run on inputs like ``x``; the user's stays as it is.

    Args:
        model: of the user.
        x: a structure of a few points.

    Raises:
        CannotCheckError: the model is neither built nor can it be copied.
    """
    copied: tuple[keras.Model, list[Array]] | None = None
    why = ""
    try:
        with _uncompiled(model):
            copied = _copy(model, x)
    except Exception as error:  # any kind of layer may refuse in its own way
        why = reason(error)
    if copied is not None:
        copy, initial = copied
        now = values_of(copy)
        yield Subject(copy, model, now, _initial(copy, initial, now), *_history(model, copy))
        return
    if not is_built(model):
        raise CannotCheckError(
            f"the model is not built and cannot be copied ({why}); call it on a batch first"
        )
    with kept_attributes(model):
        yield Subject(model, model, values_of(model), None, *_history(model, model))


@contextmanager
def _uncompiled(model: keras.Model) -> Iterator[None]:
    """Keras would copy the loss and the optimizer too, which may be functions it cannot copy."""
    compiled = model.compiled
    try:
        model.compiled = False
        yield
    finally:
        model.compiled = compiled


def values_of(model: keras.Model) -> list[Array]:
    """Every variable's value, in the model's order."""
    return [value_of(variable) for variable in model.variables]


def fixed_rows(model: keras.Model) -> int | None:
    """How many rows its inputs are declared to have at once; ``None`` for any number."""
    shapes = [getattr(tensor, "shape", ()) for tensor in getattr(model, "inputs", None) or ()]
    return next((int(shape[0]) for shape in shapes if shape and shape[0] is not None), None)


def keeps_states(model: keras.Model) -> bool:
    """Whether a recurrence in it keeps a state of each row, and so takes no other number of them.

    Of some numbers no error would come: one state is broadcast.
    """
    return any(getattr(layer, "stateful", False) is True for layer in inner_layers(model))


def _copy(model: keras.Model, x: Any) -> tuple[keras.Model, list[Array]]:
    """A built copy with the model's weights, and the values it was initialized with."""
    if _is_functional(model):
        _refuse_unfaithful(model)
        copy = keras.models.clone_model(model, clone_function=layer_like)
    elif not is_built(model):
        if any(layer.weights for layer in model._flatten_layers(include_self=False)):
            raise CannotCheckError("some of its layers have weights, and others none yet")
        copy = made_anew(model)
    else:
        raise CannotCheckError("it is a subclassed model")
    if not copy.built:
        build(copy, x)
    initial = values_of(copy)
    if is_built(model):
        _take_weights(copy, model)
    return copy, initial


def is_built(model: keras.Model) -> bool:
    """Whether its weights are there: ``build`` may have set the mark alone."""
    if not model.built or model.weights:
        return bool(model.built)
    return all(layer.built for layer in model._flatten_layers(include_self=False))


def made_anew(model: keras.Model) -> keras.Model:
    """Another one, not built, by the arguments that it was made with."""
    config, kind = model.get_config(), type(model)
    if kind.get_config is not keras.Model.get_config:
        return kind.from_config(config)
    # Keras keeps the arguments, beside some that a constructor need not take.
    taken = inspect.signature(kind.__init__).parameters
    every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    return kind(**{name: value for name, value in config.items() if every or name in taken})


def _refuse_unfaithful(model: keras.Model) -> None:
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__name__ in _WITH_TABLES:
            raise CannotCheckError(f"layer {layer.name!r} has a table")
        # Constructors of their own: what they are called with is known only to their get_config.
        kind = type(layer)
        if isinstance(layer, keras.Model) and not _is_functional(layer):
            raise CannotCheckError(f"{layer.name!r} is a subclassed model")
        own = not kind.__module__.startswith(FAITHFUL) and "__init__" in vars(kind)
        if own and not any("get_config" in vars(k) for k in kind.__mro__ if not _is_keras(k)):
            raise CannotCheckError(f"layer {layer.name!r} has no get_config of its own")


def _is_keras(kind: type) -> bool:
    return kind is object or is_of_keras(kind)


def _is_functional(model: Any) -> bool:
    return isinstance(model, keras.Sequential) or bool(getattr(model, "inputs", None))


def _take_weights(copy: keras.Model, model: keras.Model) -> None:
    theirs, ours = model.variables, copy.variables
    shapes = [tuple(v.shape) for v in theirs], [tuple(v.shape) for v in ours]
    if shapes[0] != shapes[1]:
        raise CannotCheckError("its copy has other weights")
    for target, source in zip(ours, theirs, strict=True):
        target.assign(value_of(source))
    for target, source in zip(copy._flatten_layers(), model._flatten_layers(), strict=True):
        target.trainable = source.trainable
    compute_with_weights(copy)
    if [v.trainable for v in theirs] != [v.trainable for v in ours]:
        raise CannotCheckError("its copy has other trainable weights")


def _initial(copy: keras.Model, initial: list[Array], now: list[Array]) -> list[Array]:
    """Initial values of what is trained, with the present ones of what is not."""
    trained = {id(variable) for variable in copy.trainable_variables}
    pairs = zip(copy.variables, initial, now, strict=True)
    moving = ("moving_mean", "moving_variance")
    return [
        begun if id(variable) in trained or variable.name in moving else present
        for variable, begun, present in pairs
    ]


def _history(model: keras.Model, copy: keras.Model) -> tuple[bool, int]:
    """Whether an optimizer has stepped, or a bias has left the 0 that it began with; its steps."""
    if not is_built(model):
        return False, 0
    steps = iterations(getattr(model, "optimizer", None))
    return steps > 0 or _left_zero(copy), steps


def _left_zero(copy: keras.Model) -> bool:
    return any(
        np.any(_began_with(layer) != value_of(layer.bias))
        for layer in copy._flatten_layers()
        if _began_with_zero(layer)
    )


def _began_with(layer: Any) -> Array:
    """The bias that a layer began with: 0, but for a forget gate, the second of four, that is 1."""
    bias = np.zeros(tuple(layer.bias.shape))
    if getattr(layer, "unit_forget_bias", False):
        units = len(bias) // 4
        bias[units : 2 * units] = 1
    return bias


def _began_with_zero(layer: Any) -> bool:
    initializer = getattr(layer, "bias_initializer", None)
    zero = isinstance(initializer, keras.initializers.Zeros)
    return zero and isinstance(getattr(layer, "bias", None), keras.Variable)
