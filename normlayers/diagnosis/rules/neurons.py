"""Faults of neurons: dead, always on, saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.layers import Activity
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding, Severity
from normlayers.diagnosis.rules.first_layers import AS_TRAINED_ON

# Whose derivative is 0 where a neuron is not active: a dead neuron learns nothing more.
RECTIFIERS = ("relu", "relu6")
# Almost linear on either side of 0: a neuron that is always on is a linear one.
BENT = (*RECTIFIERS, "leaky_relu", "prelu", "elu", "celu", "selu", "gelu", "silu", "swish", "mish")
# Share of a layer's neurons. Networks that train well have up to half dead or always on in a layer
# (trained ones; and deep ones at initialization, whose layers narrow the data's directions).
MANY, ALMOST_ALL = 0.7, 0.95
SATURATED, ALL_SATURATED = 0.6, 0.9
# Of fewer neurons or points a state may be chance.
FEWEST_NEURONS, FEWEST_POINTS = 4, 16


def dead_neurons(evidence: Evidence) -> list[Finding]:
    """Rectifiers that are active on none of the data."""
    findings = []
    for layer, severity, share, began, since in _in_state(evidence, _dead):
        findings.append(
            Finding(
                "dead_neurons",
                layer.name,
                _measured(layer, share) | began,
                severity,
                f"{share:.0%} of the {len(layer.share)} neurons of {layer.name!r} are active "
                f"on none of the data, and get no gradient{since}.",
                *_cure(
                    layer,
                    "Initialize the layer again (he_normal, bias 0), on standardized inputs, with "
                    "a lower learning rate; or use leaky_relu.",
                ),
            )
        )
    return findings


def always_on_neurons(evidence: Evidence) -> list[Finding]:
    """Rectifiers that are active on all of the data: the layer is linear there.

    One that another tensor is multiplied by is a gate, which lets through what is to pass.
    """
    findings = []
    for layer, severity, share, began, since in _in_state(evidence, _always_on):
        if _is_gate(evidence, layer.name):
            continue
        dead = float(np.mean(layer.share == 0))
        others = f", and {dead:.0%} on none of it" if dead else ""
        almost = "" if np.isclose(share + dead, 1) else "almost "
        findings.append(
            Finding(
                "always_on_neurons",
                layer.name,
                {**_measured(layer, share), "always_on_or_dead": share + dead, **began},
                severity,
                f"{share:.0%} of the {len(layer.share)} neurons of {layer.name!r} are active "
                f"on all of the data{others}: the layer is {almost}linear there{since}.",
                *_cure(
                    layer,
                    "Centre what the layer takes: an adapted normlayers.Standardize in front of "
                    "the model, or a BatchNormalization before the activation.",
                ),
            )
        )
    return findings


def saturated_neurons(evidence: Evidence) -> list[Finding]:
    """Sigmoids, tanh and the like at their ends, where no gradient passes."""
    findings = []
    for layer, severity, share, began, since in _in_state(evidence, _saturated):
        findings.append(
            Finding(
                "saturated_neurons",
                layer.name,
                {"saturation": share, "activation": layer.activation, **began},
                severity,
                f"{share:.0%} of the values of {layer.name!r} are at the ends of "
                f"{layer.activation}, where its derivative is below 0.01 and hardly any "
                f"gradient passes{since}.",
                *_cure(
                    layer,
                    "Standardize the inputs, initialize the layer with glorot_uniform, or put a "
                    "BatchNormalization before the activation.",
                ),
            )
        )
    return findings


def _cure(layer: Activity, cure: str) -> tuple[str, bool]:
    """What to do, and whether ``repair`` can: a frozen layer is as it was trained to be."""
    return (AS_TRAINED_ON, False) if layer.frozen else (cure, True)


Judged = tuple[Severity | None, float]
Judge = Callable[[Activity], Judged]


def _in_state(
    evidence: Evidence, judge: Judge
) -> Iterator[tuple[Activity, Severity, float, dict[str, Any], str]]:
    """Layers that a judge finds faulty: how bad, of what share, and what ``_began`` says."""
    for layer in evidence.activities:
        severity, share = judge(layer)
        if severity is not None:
            yield layer, severity, share, *_began(evidence, layer, judge)


def _is_gate(evidence: Evidence, name: str) -> bool:
    """Whether another tensor is multiplied by what a layer gives.

    As in squeeze-and-excitation blocks (Hu et al. 2018), whose hard sigmoids are rectifiers.
    """
    try:
        graph = evidence.graph
    except CannotCheckError:  # as of a model that is watched
        return False
    call = next((each for each in graph.calls if each.name == name), None)
    while call is not None and len(takers := graph.takers(call)) == 1:
        (taker,) = takers
        if len(taker.takes) > 1:
            return taker.kind == "Multiply"
        call = None if taker.has_matrix else taker
    return False


def _dead(layer: Activity) -> Judged:
    """How bad it is, ``None`` where it may be chance; and the share of dead neurons."""
    share = float(np.mean(layer.share == 0))
    known = layer.activation in RECTIFIERS and layer.finite
    return (_severity(layer, share) if known else None), share


def _always_on(layer: Activity) -> Judged:
    share = float(np.mean(layer.share == 1))
    if layer.activation not in BENT or not layer.finite:
        return None, share
    severity = _severity(layer, share)
    one_sided = share + float(np.mean(layer.share == 0))
    if severity is None and one_sided >= ALMOST_ALL and share >= 0.25:
        severity = _severity(layer, one_sided)
    return severity, share


def _saturated(layer: Activity) -> Judged:
    share = layer.saturation
    known = layer.activation not in (*BENT, "exponential")
    if not share >= SATURATED or not known or layer.points * len(layer.share) < FEWEST_POINTS:
        return None, share
    return ("error" if share >= ALL_SATURATED else "warning"), share


def _began(evidence: Evidence, layer: Activity, judge: Judge) -> tuple[dict[str, Any], str]:
    """Whether a layer's fault was there at initialization, as evidence and as words."""
    try:
        trained, fresh = evidence.subject.trained, evidence.first_activities
    except CannotCheckError:  # as of a model that is watched
        return {"at_initialization": None}, ""
    if not trained:
        return {"at_initialization": True}, ""
    first = next((a for a in fresh or [] if a.name == layer.name), None)
    if first is None:
        return {"at_initialization": None}, ""
    severity, share = judge(first)
    began = {"at_initialization": severity is not None, "share_at_initialization": share}
    return began, f"; of a fresh copy, {share:.0%}" if np.isfinite(share) else ""


def _severity(layer: Activity, share: float) -> Severity | None:
    """How bad a share of a layer's neurons is; ``None`` where it may be chance."""
    if layer.points < FEWEST_POINTS or len(layer.share) < FEWEST_NEURONS:
        return "error" if share == 1 and layer.points > 1 else None
    if share >= ALMOST_ALL:
        return "error"
    return "warning" if share >= MANY else None


def _measured(layer: Activity, share: float) -> dict[str, Any]:
    return {
        "share": share,
        "neurons": len(layer.share),
        "points": layer.points,
        "activation": layer.activation,
    }
