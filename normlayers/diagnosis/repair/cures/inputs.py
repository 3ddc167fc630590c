"""Cures of inputs: layers in front, with statistics of the rows to learn from only."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.repair.given import WITH_KERNEL, Cure, Given
from normlayers.diagnosis.repair.inputs_taken import (
    SCALING,
    counted,
    feature_axis,
    features_of,
    first_behind,
    masking_of,
    own_scaling,
    why_left,
)
from normlayers.diagnosis.repair.plan import Change, Part, Plan, new_part
from normlayers.inference.graph import function_of, input_names
from normlayers.layers.fill_missing import FillMissing
from normlayers.layers.min_max_scale import MinMaxScale
from normlayers.layers.standardize import Standardize

Array = npt.NDArray[Any]

# With what is beyond these quantiles cut off, one value in forty may be an outlier.
QUANTILES = (0.025, 0.975)
# What those become: about the spread of a standardized feature.
WITHIN = (-2.0, 2.0)


# What makes the layers to stand right behind an input, by its number; none where none are needed.
Front = Callable[[Given, int], tuple[Part, ...]]


def _in_front(done: str, why: str) -> Callable[[Front], Cure]:
    """A cure of what makes the layers; scaling that stood there goes."""

    def cure_of(front: Front) -> Cure:
        @wraps(front)
        def cure(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
            names, behind = [], []
            for index in _inputs_at(given, places):
                masking = masking_of(given, index)
                chain = plan.chains[masking.name] if masking is not None else ()
                if plan.fronts[index] or len(chain) > 1:
                    continue  # scaled already, by a cure that came first
                parts = front(given, index)
                if not parts:
                    continue
                if chain:  # padding is known by its value before it is scaled
                    plan = plan.with_chain(masking.name, *chain, *parts)
                    behind.append(f"behind {masking.name!r}")
                else:
                    plan = plan.with_front(index, *parts)
                for name in own_scaling(given, index):
                    plan = plan.with_chain(name)
                plan = _first_afresh(plan, given, index)
                names.append(_input_name(given, index))
            if not names:
                return None
            if len(behind) < len(names):
                behind.insert(0, "in front")
            does = done.replace("in front", " and ".join(behind))
            change = Change(fault, ", ".join(names), f"{does}.", f"It is there {why}.")
            return plan.changed(change)

        return cure

    return cure_of


@_in_front(
    "An adapted Standardize stands in front",
    "so that every feature comes in with mean 0 and standard deviation 1",
)
def standardize(given: Given, index: int) -> tuple[Part, ...]:
    """Mean 0 and standard deviation 1 for each feature."""
    axis = feature_axis(given, index)
    layer = Standardize(axis, name=f"standardize_{index}", missing="ignore")
    return (_adapted(layer, counted(given, index)),)


@_in_front("An adapted MinMaxScale stands in front", "so that every feature comes in from -1 to 1")
def min_max_scale(given: Given, index: int) -> tuple[Part, ...]:
    """From -1 to 1 for each feature."""
    axis, name = feature_axis(given, index), f"min_max_scale_{index}"
    layer = MinMaxScale(axis, feature_range=(-1.0, 1.0), name=name, missing="ignore")
    return (_adapted(layer, counted(given, index)),)


@_in_front(
    "A MinMaxScale by quantiles that cuts off what is beyond stands in front",
    "so that a few outliers neither set the scale nor reach the network",
)
def cut_off_outliers(given: Given, index: int) -> tuple[Part, ...]:
    """Scaled by quantiles, and cut off beyond them."""
    features = features_of(given, index)
    features = np.where(np.isfinite(features), features, np.nan)
    low, high = np.nanquantile(features, QUANTILES, axis=0)
    # A feature that is nearly always the same has no quantiles to scale by.
    whole = np.nanmin(features, 0), np.nanmax(features, 0)
    low, high = (np.where(high > low, a, b) for a, b in zip((low, high), whole, strict=True))
    limits = {"minimum": low.tolist(), "maximum": high.tolist(), "clip": True}
    limits["axis"] = feature_axis(given, index)
    return (new_part(MinMaxScale, f"cut_off_{index}", feature_range=WITHIN, **limits),)


@_in_front(
    "A Standardize that only takes the constants away stands in front",
    "so that features with one value are 0 and act as no bias",
)
def take_constants_away(given: Given, index: int) -> tuple[Part, ...]:
    """Features with one value become 0, and the others stay as they are."""
    features = features_of(given, index)
    low, high = np.nanmin(features, 0), np.nanmax(features, 0)
    values = np.where(low == high, low, 0.0)
    if not values.any() or own_scaling(given, index):  # which would be taken out
        return ()
    layer = {"mean": values.tolist(), "variance": np.ones_like(values).tolist()}
    layer["axis"] = feature_axis(given, index)
    return (new_part(Standardize, f"without_constants_{index}", **layer),)


@_in_front(
    "An adapted Standardize and a FillMissing stand in front",
    "so that every NaN or infinite value counts as its feature's mean",
)
def fill_missing(given: Given, index: int) -> tuple[Part, ...]:
    """Each feature's mean in the place of NaN and infinite values."""
    axis = feature_axis(given, index)
    layer = Standardize(axis, name=f"standardize_{index}", missing="ignore")
    return (_adapted(layer, counted(given, index)), new_part(FillMissing, f"fill_missing_{index}"))


def adapt_layers(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Layers that were to be adapted, adapted."""
    names = [name for name in given.layers if isinstance(given.layers[name], SCALING[:3])]
    names = [name for name in names if name in places] or names
    if not names:
        return None
    for name in names:
        old = given.layers[name]
        if isinstance(old, keras.layers.Normalization):
            axis = old.axis if old.axis is None else tuple(old.axis) or None
            layer: Any = Standardize(axis=axis, name=name, missing="ignore")
        else:
            layer = type(old).from_config({**old.get_config(), "missing": "ignore"})
        plan = plan.with_chain(name, _adapted(layer, _reaching(given, name)))
    for index in range(len(given.x)):
        plan = _first_afresh(plan, given, index)
    change = Change(
        fault,
        ", ".join(names),
        "The layer was adapted to the data.",
        "Without statistics it passes its inputs through.",
    )
    return plan.changed(change)


def drop_layers(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Layers that normalize again, taken out."""
    names = [name for name in places if name in plan.chains and _normalizes(given.layers[name])]
    names = [name for name in names if name not in given.frozen]
    names = names or [name for i in range(len(given.x)) for name in own_scaling(given, i)]
    if not names:
        return None
    for name in names:
        plan = plan.with_chain(name)
    for index in range(len(given.x)):
        plan = _first_afresh(plan, given, index)
    change = Change(
        fault, ", ".join(names), "The layer was taken out.", "Its inputs are normalized already."
    )
    return plan.changed(change)


def _adapted(layer: Any, x: Array) -> Part:
    finite = np.isfinite(x) if x.dtype.kind == "f" else True
    layer.adapt(np.where(finite, x, np.nan) if not np.all(finite) else x, verbose=False)
    return Part.of(layer)


def _input_name(given: Given, index: int) -> str:
    if given.has_graph:
        return input_names(given.built)[index]
    return given.names[index] if given.names else f"input {index}"


def _is_of(given: Given, index: int, place: str) -> bool:
    """Whether a finding's place is this input, or a feature of it."""
    name = re.escape(_input_name(given, index))
    return place == str(index) or re.search(rf"(?<!\w){name}(?!\w)", place) is not None


def _inputs_at(given: Given, places: list[str]) -> list[int]:
    """The inputs of amounts that findings name; all of them where they name none."""
    indices = [i for i in range(len(given.x)) if not why_left(given, i)]
    return [i for i in indices if any(_is_of(given, i, place) for place in places)] or indices


def left_as_they_are(given: Given, places: list[str]) -> list[str]:
    """Of each input that findings name and no cure scales, a sentence that says why."""
    named = [i for i in range(len(given.x)) if any(_is_of(given, i, place) for place in places)]
    whys = [(_input_name(given, i), why_left(given, i)) for i in named or range(len(given.x))]
    return [f"Input {name!r} was not scaled: {why}." for name, why in whys if why]


def _normalizes(layer: Any) -> bool:
    return isinstance(layer, (*SCALING, keras.layers.BatchNormalization))


def _first_afresh(plan: Plan, given: Given, index: int) -> Plan:
    """The first layers with kernels behind an input, with new weights where they were trained."""
    if not given.trained:
        return plan
    for layer in first_behind(given, index, lambda op: isinstance(op, WITH_KERNEL)):
        plan = plan.each_part(layer.name, Part.afresh)
    return plan


def _reaching(given: Given, name: str) -> Array:
    """What comes to a layer of the rows."""
    node = next(node for node in given.nodes if node.operation.name == name)
    tensor = node.input_tensors[0]
    for index, own in enumerate(function_of(given.built).inputs):
        if tensor is own:
            return given.x[index]
    part = keras.Model(function_of(given.built).inputs, tensor)
    x = given.x[0] if len(given.x) == 1 else given.x
    return np.asarray(keras.ops.convert_to_numpy(part(x, training=False)))
