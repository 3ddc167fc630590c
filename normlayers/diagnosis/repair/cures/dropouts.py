"""Cures of dropouts: weaker ones, or none."""

from __future__ import annotations

from typing import Any

import keras

from normlayers.diagnosis.evidence.calls import DROPOUTS
from normlayers.diagnosis.evidence.training.without import USUAL_DROPOUT
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.plan import Change, Plan

# The rate of a dropout that had an unusual one.
WEAK_DROPOUT = 0.2
HELD_BACK = "With what it dropped, the loss of the whole network hardly fell."


def predict_whole(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """No dropout of what is predicted."""
    return taken_out(plan, fault, named(given, places), "It changed predictions at random.")


def weaken_dropouts(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Dropouts of a low rate in the place of those of an unusual one."""
    names = _strong(plan)
    if not names:
        return None
    for name in names:
        plan = plan.each_part(name, lambda part: part.but(rate=WEAK_DROPOUT))
    done = f"The dropout rate is {WEAK_DROPOUT}."
    return plan.changed(Change(fault, ", ".join(names), done, HELD_BACK))


def drop_dropouts(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """No dropouts in the place of those of an unusual rate."""
    return taken_out(plan, fault, _strong(plan), HELD_BACK)


def taken_out(
    plan: Plan, fault: str, names: list[str], why: str, what: str = "dropout"
) -> Plan | None:
    """A plan without these layers; ``None`` without any."""
    if not names:
        return None
    for name in names:
        plan = plan.with_chain(name)
    return plan.changed(Change(fault, ", ".join(names), f"The {what} was taken out.", why))


def named(given: Given, places: list[str]) -> list[str]:
    """The dropouts among some places."""
    return [name for name in places if name in given.layers and is_dropout(given.layers[name])]


def is_dropout(layer: Any) -> bool:
    """Whether a layer is a dropout of Keras's, or of a class that is made of one."""
    return isinstance(layer, tuple(getattr(keras.layers, name) for name in DROPOUTS))


def _strong(plan: Plan) -> list[str]:
    return [
        name
        for name, parts in plan.chains.items()
        if len(parts) == 1
        and parts[0].kind.__name__ in DROPOUTS
        and parts[0].config["rate"] > USUAL_DROPOUT
    ]
