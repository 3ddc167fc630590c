"""Cures of the steps that training takes."""

from __future__ import annotations

from dataclasses import replace

from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.plan import Change, Plan

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")


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
