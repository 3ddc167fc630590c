"""Cures of batch normalizations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras

from normlayers.diagnosis.evidence.calls import NORMALIZING
from normlayers.diagnosis.repair.cures.dropouts import is_dropout, named, taken_out
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.plan import Change, Part, Plan, new_part

# Moving statistics follow within some twenty steps.
MOMENTUM = 0.9
EPSILON = 1e-3
BATCH = 32


def drop_idle_biases(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Without biases that a normalization takes away."""
    change = Change(
        fault,
        ", ".join(dict.fromkeys(places)),
        "The bias was dropped.",
        "The batch normalization behind it takes it away again.",
    )
    return plan.changed(change, drops_idle_biases=True)


def recalibrate(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Statistics of the whole data, and a momentum with which they follow."""

    def follow(part: Part) -> Part:
        return part.but(momentum=min(float(part.config["momentum"]), MOMENTUM))

    change = "The moving statistics are those of the whole data, and their momentum is at most 0.9."
    return _each_normalization(
        plan,
        given,
        fault,
        follow,
        change,
        "They were not those that training normalizes by.",
        recalibrates=True,
    )


def smaller_epsilon(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Keras's epsilon, or one smaller yet."""

    def smaller(part: Part) -> Part:
        own = float(part.config["epsilon"])
        return part.but(epsilon=EPSILON if own > EPSILON else own / 1000)

    return _each_normalization(
        plan,
        given,
        fault,
        smaller,
        "The epsilon is smaller.",
        "It outweighed the variances, so that nothing was normalized.",
    )


def normalize_rows(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Normalizations over each row's features, which need no batch."""
    names = _normalizations(given)
    if not names:
        return None
    for name in names:
        layer = given.layers[name]
        rank = len(getattr(layer, "_build_shapes_dict", {}).get("input_shape", (0, 0)))
        kind, config = (
            (keras.layers.LayerNormalization, {})
            if rank == 2
            else (keras.layers.GroupNormalization, {"groups": 1, "axis": layer.axis})
        )
        parts = [new_part(kind, name, epsilon=EPSILON, **config)]
        activation = getattr(layer, "activation", None)
        if activation not in (None, keras.activations.linear):
            its = new_part(keras.layers.Activation, f"{name}_activation", activation=activation)
            after = getattr(layer, "placement", "pre") == "post"
            parts = [its, *parts] if after else [*parts, its]
        plan = plan.with_chain(name, *parts)
    change = Change(
        fault,
        ", ".join(names),
        "A normalization over each row's features took the place of the one over the batch.",
        "So few rows give no mean and variance to normalize by.",
    )
    return plan.changed(change)


def larger_batches(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Batches of 32 rows."""
    if plan.batch_size >= BATCH:
        return None
    change = Change(
        fault,
        "",
        f"It was trained in batches of {BATCH} rows; go on so.",
        "Smaller ones give no mean and variance to normalize by.",
    )
    return plan.changed(change, batch_size=BATCH)


def dropout_behind(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Dropout behind the normalization, or the activation that follows it."""
    moved = []
    for name in _normalizations(given):
        for maker in given.before(name):
            if not is_dropout(maker) or len(given.after(maker.name)) > 1:
                continue
            dropout = plan.chains[maker.name]
            place = given.activation_layer(name) or name
            plan = plan.with_chain(maker.name)
            plan = plan.with_chain(place, *plan.chains[place], *dropout)
            moved.append(maker.name)
    if not moved:
        why = "Before a normalization it makes inference differ from training."
        return taken_out(plan, fault, named(given, places), why)
    change = Change(
        fault,
        ", ".join(moved),
        "The dropout stands behind the normalization.",
        "Before it, variances at inference are not those of training.",
    )
    return plan.changed(change)


def leave_out(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Without the normalizations that are named, as behind the activation of an output."""
    placed = [name for name in places if name in given.layers and name not in given.frozen]
    names = [name for name in placed if type(given.layers[name]).__name__ in NORMALIZING]
    why = "Behind the output's activation it gives what the loss does not take."
    return taken_out(plan, fault, names, why, "normalization")


def _normalizations(given: Given) -> list[str]:
    kind = keras.layers.BatchNormalization
    found = [name for name, layer in given.layers.items() if isinstance(layer, kind)]
    return [name for name in found if name not in given.frozen]


def _each_normalization(
    plan: Plan,
    given: Given,
    fault: str,
    each: Callable[[Part], Part],
    done: str,
    why: str,
    **fields: Any,
) -> Plan | None:
    names = [name for name in _normalizations(given) if plan.chains[name]]
    if not names:  # or an earlier cure has taken them out
        return None
    for name in names:
        kept = [
            each(part) if issubclass(part.kind, keras.layers.BatchNormalization) else part
            for part in plan.chains[name]
        ]
        plan = plan.with_chain(name, *kept)
    return replace(plan, **fields).changed(Change(fault, ", ".join(names), done, why))
