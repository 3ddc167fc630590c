"""What takes an input of a model, and what its numbers are for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.calls import FRACTIONS, is_own, names_things
from normlayers.diagnosis.evidence.layers import counted_steps
from normlayers.diagnosis.repair.given import WITH_KERNEL, Given
from normlayers.diagnosis.repair.training import predicted
from normlayers.inference.graph import function_of, inner_layers
from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

MASKING = keras.layers.Masking
NAMES = "its whole numbers seem to stand for things, such as words, which others would mix up"
BINS = "its numbers are sorted into bins, whose boundaries are of its own scale"
MOST_FEATURES = 1_000
ROUNDING = 1e-6
SCALING = (Standardize, MinMaxScale, keras.layers.Normalization, keras.layers.Rescaling)


def takers_of(given: Given, index: int) -> list[Any]:
    """What takes an input."""
    if not given.has_graph:
        return []
    tensor = function_of(given.built).inputs[index]
    return [node.operation for node in given.nodes if any(t is tensor for t in node.input_tensors)]


def first_behind(given: Given, index: int, is_one: Callable[[Any], Any]) -> Iterator[Any]:
    """On each way from an input on, the first layer or operation of those asked for."""
    ahead, seen = takers_of(given, index), set()
    while ahead:
        layer = ahead.pop()
        if layer.name in seen:
            continue
        seen.add(layer.name)
        if is_one(layer):
            yield layer
        else:
            ahead += given.after(layer.name)


def why_left(given: Given, index: int) -> str:
    """Why an input is not to be scaled; empty where it is of numbers to compute with."""
    x = given.x[index]
    if x.dtype.kind not in "fiub":
        return "it is text"
    inside = takers_of(given, index) if given.has_graph else [given.built]
    found = [*first_behind(given, index, _tells), *inside]
    if masking_of(given, index) is None and any(map(_masks, found)):
        return "its padding, known by its value, is masked further on"
    looking = [op for op in found if _looks_up(op)]
    if any(map(_is_naming, looking)):
        return BINS if all(type(op).__name__ == "Discretization" for op in looking) else NAMES
    known = x[np.isfinite(x)] if x.dtype.kind == "f" else x
    if not np.all(known == np.floor(known)):
        return ""
    if looking:
        return NAMES
    # Pixels are whole numbers too.
    is_image = x.ndim > 3 and (x.dtype.kind == "f" or x.dtype == np.uint8)
    known_code = not any(map(is_own, found))
    return "" if is_image or known_code or _tells_fractions(given, index) else NAMES


def _tells_fractions(given: Given, index: int) -> bool:
    """Whether fractions of each of an input's features change what the model gives.

    Names of things have none: what looks them up rounds numbers, or refuses these. Of code of the
    user's own it is all that can be known.
    """
    shape, axis = given.x[index].shape, feature_axis(given, index)
    features = 1 if axis is None else shape[axis]
    if features > MOST_FEATURES:
        return False
    told = np.zeros(features, bool)
    for sign in (1, -1):  # one of which makes a ReLU active
        rows = np.full((2 + features, *shape[1:]), sign * FRACTIONS[0], keras.config.floatx())
        each = rows[:, None] if axis is None else np.moveaxis(rows, axis, -1)
        for feature in range(features):
            each[2 + feature, ..., feature] = sign * FRACTIONS[1]
        x = [np.repeat(part[:1], len(rows), axis=0) for part in given.x]
        x[index] = rows
        try:
            outputs = predicted(given.built, x, given)
        except Exception:  # in code of the user's own anything may go wrong
            return False
        found = np.concatenate([part.reshape(len(rows), -1) for part in outputs], 1).astype(float)
        if np.isfinite(found).all():
            apart = np.abs(found - found[0]).max(1) > ROUNDING * np.abs(found).max()
            if apart[1]:  # two rows that are alike: it draws numbers, or tells rows by their place
                return False
            told |= apart[2:]
    return bool(told.all())


def own_scaling(given: Given, index: int) -> list[str]:
    """The layers right behind an input that scale it."""
    names: list[str] = []
    masking = masking_of(given, index)
    takers = takers_of(given, index) if masking is None else given.after(masking.name)
    while len(takers) == 1 and isinstance(takers[0], SCALING):
        names.append(takers[0].name)
        takers = given.after(takers[0].name)
    return names


def masking_of(given: Given, index: int) -> Any:
    """The ``Masking`` that alone takes an input, or ``None``."""
    # Beside it is the comparison that makes its mask.
    takers = [op for op in takers_of(given, index) if type(op).__name__ != "NotEqual"]
    return takers[0] if len(takers) == 1 and isinstance(takers[0], MASKING) else None


def features_of(given: Given, index: int) -> Array:
    """One column a feature, in float64."""
    x, axis = counted(given, index), feature_axis(given, index)
    x = x[:, None] if axis is None else np.moveaxis(x, axis, -1)
    return x.reshape(-1, x.shape[-1]).astype(float)


def counted(given: Given, index: int) -> Array:
    """An input with NaN for padding, which statistics leave out."""
    x, masking = given.x[index], masking_of(given, index)
    if masking is None:
        return x
    kept = counted_steps(x, masking)
    return np.where(kept[..., None], x, np.nan) if kept.any() else x


def feature_axis(given: Given, index: int) -> int | None:
    """The axis of an input's features: 1 where a layer has channels first; ``None`` without one."""
    if given.x[index].ndim < 2:
        return None

    def formats(layer: Any) -> set[Any]:
        return {getattr(inner, "data_format", None) for inner in _layers_in(layer)} - {None}

    first = first_behind(given, index, lambda op: formats(op) or isinstance(op, WITH_KERNEL))
    layer = next(first, None)
    return 1 if "channels_first" in formats(layer) and given.x[index].ndim > 2 else -1


def _tells(op: Any) -> bool:
    """Whether a layer tells what comes in, which behind one with a kernel is something else."""
    return isinstance(op, WITH_KERNEL) or _looks_up(op) or _masks(op) or is_own(op)


def _looks_up(op: Any) -> bool:
    """Whether a layer, one in it, or an operation takes numbers as names of things."""
    return any(map(_is_naming, _layers_in(op)))


def _is_naming(op: Any) -> bool:
    return names_things(op) or type(op).__name__ == "Take"  # an operation


def _masks(op: Any) -> bool:
    return any(isinstance(own, MASKING) for own in _layers_in(op))


def _layers_in(op: Any) -> list[Any]:
    return inner_layers(op) if isinstance(op, keras.layers.Layer) else [op]
