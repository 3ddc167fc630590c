"""Neurons that are copies of one another."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import Call
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.subject import Subject
from normlayers.diagnosis.finding import Finding
from normlayers.inference.kept_values import value_of

Array = npt.NDArray[Any]

# Share of a layer's neurons.
DUPLICATE = 0.5
# Weights are equal that differ by this part of the kernel's or the bias's largest: rounding does.
EQUAL = 1e-4
_KINDS = ("Dense", "Conv1D", "Conv2D", "Conv3D")


def duplicate_neurons(evidence: Evidence) -> list[Finding]:
    """Neurons of a hidden layer with equal weights: they stay equal, whatever is learned.

    Unless the layer behind tells them apart, as one with random weights does; then a trained layer
    that began so is a warning.
    """
    findings = []
    calls = {call.name: call for call in evidence.graph.calls if call.has_matrix}
    for call in calls.values():
        if call.kind not in _KINDS or _is_last(evidence, call):
            continue
        columns, share = _duplicates(call, {})
        began = share >= DUPLICATE
        if not began and evidence.subject.steps and evidence.subject.initial is not None:
            columns, share = _duplicates(call, _initial(evidence.subject))
        if share < DUPLICATE:
            continue
        zero = bool(np.all(columns == 0))
        have = "have the same weights as another" if began else "begin with equal weights"
        so = (
            ", and so the same gradient: they never come to differ"
            if began
            else ", and differ only by what the next layer's random weights make of them"
        )
        findings.append(
            Finding(
                "duplicate_neurons",
                call.name,
                {"share": share, "zero": zero, "neurons": int(columns.shape[1]), "now": began},
                "error" if began else "warning",
                f"{share:.0%} of the {columns.shape[1]} neurons of {call.name!r} {have}"
                f"{' (all 0)' if zero else ''}{so}.",
                "Initialize the kernel at random: kernel_initializer='glorot_uniform' or "
                "'he_normal'.",
                True,
            )
        )
    return findings


def _initial(subject: Subject) -> dict[int, Array]:
    """Initial values by the variable's identity."""
    pairs = zip(subject.model.variables, subject.initial or [], strict=True)
    return {id(variable): value for variable, value in pairs}


def _duplicates(call: Call, values: dict[int, Array]) -> tuple[Array, float]:
    """Weights of each neuron, shape ``(weights, neurons)``, and what share another one has too."""
    kernel: Any = getattr(call.layer, "kernel", None)
    bias: Any = getattr(call.layer, "bias", None)
    # Of a quantized kernel: equal whole numbers are other weights by another scale.
    scale: Any = getattr(call.layer, "kernel_scale", None)
    # With LoRA or packed in 4 bits, the kernel is computed of several variables.
    if not (isinstance(kernel, keras.Variable) or ops.is_tensor(kernel)) or kernel.shape[-1] < 2:
        return np.zeros((0, 1)), 0.0
    arrays = [
        values.get(id(part), value_of(part)) for part in (kernel, bias, scale) if part is not None
    ]
    flat = [array.reshape(-1, array.shape[-1]) for array in arrays]
    rounded = [np.round(part / (EQUAL * (np.abs(part).max() or 1.0))) for part in flat]
    counts = np.unique(np.vstack(rounded), axis=1, return_counts=True)[1]
    return np.vstack(flat), float(counts[counts > 1].sum() / flat[0].shape[1])


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
