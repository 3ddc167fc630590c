"""Cures of neurons and gradients: initial weights, activations, a batch normalization."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

from normlayers.diagnosis.repair.given import ACTIVATIONS, WITH_KERNEL, Given, activation_name
from normlayers.diagnosis.repair.plan import Change, Part, Plan, new_part
from normlayers.layers.batch_normalization import BatchNormalization

RECTIFIERS = ("relu", "leaky_relu", "elu", "gelu", "silu", "swish", "selu", "prelu", "relu6")


def start_afresh(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Initial weights of a width that suits each layer's activation, and biases of 0."""
    names = [name for name in (*given.hidden, *_makers(given)) if name not in given.frozen]
    named = [place for place in places if place in given.layers]
    if not names or (named and not _where(given, places)):  # all that is named is frozen
        return None
    for name in names:
        rectified = _activation(plan, given, name) in RECTIFIERS
        plan = plan.each_part(name, partial(_initialized, rectified=rectified))
    change = Change(
        fault,
        _where(given, places),
        "The weights start afresh, drawn as He's or Glorot's rule says, with biases of 0.",
        "Of such a width, what goes through the layers neither fades nor grows.",
    )
    return plan.changed(change)


def rectify(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """ReLU in every hidden layer, from fresh weights."""
    return _activated(plan, given, fault, places, "relu")


def use_tanh(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Tanh in every hidden layer, from fresh weights."""
    return _activated(plan, given, fault, places, "tanh")


def normalize(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """A batch normalization before each hidden activation, from fresh weights."""
    started = start_afresh(plan, given, fault, places)
    return None if started is None else _normalized(started, given, fault, places)


def rectify_and_normalize(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Both: ReLU, and a batch normalization before it."""
    rectified = rectify(plan, given, fault, places)
    return None if rectified is None else _normalized(rectified, given, fault, places)


def _activated(
    plan: Plan, given: Given, fault: str, places: list[str], activation: str
) -> Plan | None:
    may_change = [name for name in given.hidden if _may_change(given, name)]
    names = [name for name in may_change if _activation(plan, given, name) != activation]
    if not names:  # they have it all, or none is to have another
        return start_afresh(plan, given, fault, places) if may_change else None
    for name in names:
        own = given.activation_layer(name)
        if own is not None:
            label = plan.chains[own][0].name if plan.chains[own] else f"{own}_{activation}"
            plan = plan.with_chain(
                own, new_part(keras.layers.Activation, label, activation=activation)
            )
            continue
        plan = plan.each_part(name, lambda part: _with_activation(part, activation))
    change = Change(
        fault,
        ", ".join(names),
        f"The activation is {activation}.",
        "It is not linear, and passes gradients on.",
    )
    return start_afresh(plan.changed(change), given, fault, places)


def _normalized(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    names = [
        name
        for name in given.hidden
        if _may_change(given, name) and not _is_normalized(given, name)
    ]
    if not names:
        return None
    for name in names:
        first, *rest = plan.chains[name]
        activation = activation_name(first)
        parts = [first.but(activation="linear", use_bias=False).afresh()]
        axis = 1 if first.config.get("data_format") == "channels_first" else -1
        own = f"{name}_normalization"
        parts.append(new_part(BatchNormalization, own, axis=axis, momentum=0.9))
        if activation != "linear":
            config = first.config["activation"]
            parts.append(
                Part(keras.layers.Activation, {"name": f"{name}_activation", "activation": config})
            )
        plan = plan.with_chain(name, *parts, *rest)
    change = Change(
        fault,
        ", ".join(names),
        "A BatchNormalization stands before the activation.",
        "It holds pre-activations where the activation is neither dead, always on nor saturated.",
    )
    return plan.changed(change)


def _initialized(part: Part, rectified: bool) -> Part:
    """With initial weights that suit the activation."""
    if not issubclass(part.kind, WITH_KERNEL):
        return part
    kernel = "he_normal" if rectified else "glorot_uniform"
    changes: dict[str, Any] = {}
    for key in part.config:
        if key in ("kernel_initializer", "depthwise_initializer", "pointwise_initializer"):
            changes[key] = kernel
        elif key == "recurrent_initializer":
            changes[key] = "orthogonal"
        elif key == "bias_initializer":
            changes[key] = "zeros"
    return part.but(**changes).afresh()


def _with_activation(part: Part, activation: str) -> Part:
    if "activation" in part.config and issubclass(part.kind, WITH_KERNEL):
        return part.but(activation=activation)
    return part


def _activation(plan: Plan, given: Given, name: str) -> str:
    """The activation that a layer's outputs go through in the plan."""
    own = given.activation_layer(name)
    parts = (*plan.chains[name], *(plan.chains[own] if own else ()))
    names = [activation_name(p) for p in parts if issubclass(p.kind, (*WITH_KERNEL, *ACTIVATIONS))]
    return next((found for found in names if found != "linear"), "linear")


def _may_change(given: Given, name: str) -> bool:
    """Whether a layer's activation may be another: frozen weights were trained for theirs."""
    return not isinstance(given.layers[name], keras.layers.RNN) and name not in given.frozen


def _is_normalized(given: Given, name: str) -> bool:
    """Whether a normalization follows already."""
    return any("Normalization" in type(op).__name__ for op in given.after(name))


def _makers(given: Given) -> list[str]:
    names = [names[-1] for names in given.output_makers if names]
    return [name for name in names if isinstance(given.layers[name], WITH_KERNEL)]


def _where(given: Given, places: list[str]) -> str:
    named = [name for name in dict.fromkeys(places) if name in given.layers]
    return ", ".join(name for name in named if name not in given.frozen)
