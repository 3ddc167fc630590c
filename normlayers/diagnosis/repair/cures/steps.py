"""Cures of the steps that training takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from normlayers.diagnosis.evidence.training.optimizers import CLIPPING
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.plan import Change, Part, Plan

# What a penalty is multiplied by.
WEAKER = 0.01


def do_not_clip(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """An optimizer that takes gradients as they are."""
    kind, config = plan.optimizer
    set_to = {name: config[name] for name in CLIPPING if config.get(name) is not None}
    if not set_to:
        return None
    was = ", ".join(f"{name}={value:.3g}" for name, value in set_to.items())
    change = Change(
        fault,
        "",
        f"The optimizer clips no gradients, where it had {was}.",
        "It left next to nothing of them.",
    )
    unclipped = {**config, **dict.fromkeys(set_to)}
    return replace(plan, optimizer=(kind, unclipped)).changed(change)


def weaken_penalties(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """Regularizers a hundred times weaker; none in the place of a user's own class."""
    done = "Regularizers are a hundred times weaker."
    return _with_penalties(plan, fault, _weaker, done)


def drop_penalties(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
    """No regularizers."""
    return _with_penalties(plan, fault, lambda penalty: None, "Nothing has a regularizer.")


def _with_penalties(plan: Plan, fault: str, change: Callable[[Any], Any], done: str) -> Plan | None:
    changed: list[str] = []

    def with_others(part: Part) -> Part:
        def changing(penalty: Any) -> Any:
            changed.append(part.name)
            return change(penalty)

        config = _each_penalty(part.config, changing)
        return part.but(**config) if part.name in changed else part

    for name in plan.chains:
        plan = plan.each_part(name, with_others)
    if not changed:
        return None
    why = "For their sake the loss on the data hardly fell."
    return plan.changed(Change(fault, ", ".join(dict.fromkeys(changed)), done, why))


def _each_penalty(config: Any, change: Callable[[Any], Any]) -> Any:
    """A configuration with other regularizers, also of the layers and cells inside."""
    if isinstance(config, list | tuple):
        return type(config)(_each_penalty(value, change) for value in config)
    if not isinstance(config, Mapping):
        return config
    return {
        key: change(value) if _is_penalty(key, value) else _each_penalty(value, change)
        for key, value in config.items()
    }


def _is_penalty(key: Any, value: Any) -> bool:
    return str(key).endswith("_regularizer") and value is not None


def _weaker(penalty: Any) -> Any:
    """A serialized regularizer of Keras's with smaller factors."""
    config = penalty.get("config") if isinstance(penalty, Mapping) else None
    if not isinstance(config, Mapping) or not {"l1", "l2", "factor"} & set(config):
        return None
    factors = {key: WEAKER * config[key] for key in ("l1", "l2", "factor") if config.get(key)}
    return {**penalty, "config": {**config, **factors}}
