"""Faults of neurons: dead, always on, saturated, duplicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Call
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.layers import Activity
from normlayers.diagnosis.finding import Finding, Severity

Array = npt.NDArray[Any]

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
DUPLICATE = 0.5


def dead_neurons(evidence: Evidence) -> list[Finding]:
    """Rectifiers that are active on none of the data."""
    findings = []
    for layer in evidence.activities:
        severity, share = _dead(layer)
        if severity is not None:
            began, since = _began(evidence, layer, _dead)
            findings.append(
                Finding(
                    "dead_neurons",
                    layer.name,
                    _measured(layer, share) | began,
                    severity,
                    f"{share:.0%} of the {len(layer.share)} neurons of {layer.name!r} are active "
                    f"on none of the data, and get no gradient{since}.",
                    "Initialize the layer again (he_normal, bias 0), on standardized inputs, with "
                    "a lower learning rate; or use leaky_relu.",
                    True,
                )
            )
    return findings


def always_on_neurons(evidence: Evidence) -> list[Finding]:
    """Rectifiers that are active on all of the data: the layer is linear there."""
    findings = []
    for layer in evidence.activities:
        severity, share = _always_on(layer)
        if severity is not None:
            began, since = _began(evidence, layer, _always_on)
            one_sided = share + float(np.mean(layer.share == 0))
            findings.append(
                Finding(
                    "always_on_neurons",
                    layer.name,
                    {**_measured(layer, share), "always_on_or_dead": one_sided, **began},
                    severity,
                    f"{share:.0%} of the {len(layer.share)} neurons of {layer.name!r} are active "
                    f"on all of the data, and {one_sided:.0%} on all or none: the layer is linear "
                    f"on the data{since}.",
                    "Centre what the layer takes: an adapted normlayers.Standardize in front of "
                    "the model, or a BatchNormalization before the activation.",
                    True,
                )
            )
    return findings


def saturated_neurons(evidence: Evidence) -> list[Finding]:
    """Sigmoids, tanh and the like at their ends, where no gradient passes."""
    findings = []
    for layer in evidence.activities:
        severity, share = _saturated(layer)
        if severity is not None:
            began, since = _began(evidence, layer, _saturated)
            findings.append(
                Finding(
                    "saturated_neurons",
                    layer.name,
                    {"saturation": share, "activation": layer.activation, **began},
                    severity,
                    f"{share:.0%} of the values of {layer.name!r} are at the ends of "
                    f"{layer.activation}, where its derivative is below 0.01 and hardly any "
                    f"gradient passes{since}.",
                    "Standardize the inputs, initialize the layer with glorot_uniform, or put a "
                    "BatchNormalization before the activation.",
                    True,
                )
            )
    return findings


Judged = tuple[Severity | None, float]


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


def _began(
    evidence: Evidence, layer: Activity, judge: Callable[[Activity], Judged]
) -> tuple[dict[str, Any], str]:
    """Whether a layer's fault was there at initialization, as evidence and as words."""
    first = None
    if evidence.subject.trained and evidence.first_activities is not None:
        first = next((a for a in evidence.first_activities if a.name == layer.name), None)
    if first is None:
        return {"at_initialization": None if evidence.subject.trained else True}, ""
    severity, share = judge(first)
    began = {"at_initialization": severity is not None, "share_at_initialization": share}
    return began, f"; of a fresh copy, {share:.0%}" if np.isfinite(share) else ""


def duplicate_neurons(evidence: Evidence) -> list[Finding]:
    """Neurons of a hidden layer with equal weights: they stay equal, whatever is learned."""
    findings = []
    graph = evidence.graph
    for call in {call.name: call for call in graph.calls if call.has_matrix}.values():
        columns = _columns(call)
        if columns is None or columns.shape[1] < 2 or _is_last(evidence, call):
            continue
        first = np.unique(columns, axis=1, return_counts=True)[1]
        share = float(first[first > 1].sum() / columns.shape[1])
        if share < DUPLICATE:
            continue
        zero = bool(np.all(columns == 0))
        findings.append(
            Finding(
                "duplicate_neurons",
                call.name,
                {"share": share, "zero": zero, "neurons": int(columns.shape[1])},
                "error",
                f"{share:.0%} of the {columns.shape[1]} neurons of {call.name!r} have the same "
                f"weights as another{' (all 0)' if zero else ''}, and so the same gradient: they "
                "never come to differ.",
                "Initialize the kernel at random: kernel_initializer='glorot_uniform' or "
                "'he_normal'.",
                True,
            )
        )
    return findings


def _columns(call: Call) -> Array | None:
    """Weights of each neuron of a layer, shape ``(weights, neurons)``, biases included."""
    kernel = getattr(call.layer, "kernel", None)
    if not isinstance(kernel, keras.Variable) or call.kind.startswith("Depthwise"):
        return None
    if call.kind not in ("Dense", "Conv1D", "Conv2D", "Conv3D"):
        return None
    weights = np.asarray(ops.convert_to_numpy(ops.copy(kernel)))
    columns = weights.reshape(-1, weights.shape[-1])
    bias = getattr(call.layer, "bias", None)
    if isinstance(bias, keras.Variable):
        columns = np.vstack([columns, np.asarray(ops.convert_to_numpy(ops.copy(bias)))[None]])
    return columns


def _is_last(evidence: Evidence, call: Call) -> bool:
    """Whether nothing with weights comes after a layer, or it ends a branch that is added."""
    graph = evidence.graph
    todo, seen = [call], set()
    while todo:
        for taker in graph.takers(todo.pop()):
            if taker.has_matrix:
                return False
            if taker.kind == "Add":
                return True
            if id(taker) not in seen:
                seen.add(id(taker))
                todo.append(taker)
    return True


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
