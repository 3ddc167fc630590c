"""Layers with nothing but linear maps between them, or behind what is constant."""

from __future__ import annotations

from typing import Any

from keras import ops

from normlayers.diagnosis.evidence.calls import (
    DROPOUTS,
    LINEAR,
    NORMALIZING,
    RESHAPING,
    Call,
    Graph,
)
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.outputs import are_ones
from normlayers.diagnosis.finding import Finding, Severity

_STACKED = ("Dense", "Conv1D", "Conv2D", "Conv3D", "EinsumDense")


def missing_nonlinearity(evidence: Evidence) -> list[Finding]:
    """Two layers of weights that could be one, as none of them has an activation.

    A product of matrices is a matrix: without an activation between them a network is a linear or
    logistic regression (article A2, claim A2.1). A layer narrower than what is on both sides of it
    is a bottleneck, and meant; so is one behind a depthwise convolution that the next is wider than
    (Sandler et al. 2018, section 3.2).
    """
    graph = evidence.graph
    pairs = [pair for call in graph.calls if (pair := _linear_pair(graph, call)) is not None]
    pairs = [pair for pair in pairs if not _is_bottleneck(graph, *pair)]
    if not pairs:
        return []
    linear = len(pairs) >= _hidden(graph)
    severity: Severity = "error" if linear else "warning"
    findings = []
    for first, second in pairs:
        whole = ", so that the whole network is linear" if linear else ""
        findings.append(
            Finding(
                "missing_nonlinearity",
                first.name,
                {"layer": first.name, "next": second.name, "whole_network": linear},
                severity,
                f"Nothing nonlinear stands between {first.name!r} and {second.name!r}: together "
                f"they compute what one layer can{whole}.",
                f"Give {first.name!r} an activation, such as relu.",
                True,
            )
        )
    return findings


def softmax_of_one(evidence: Evidence) -> list[Finding]:
    """A hidden softmax over an axis of length 1, as of an attention's scores: always 1.

    That of an output is ``output_does_not_fit_loss``.
    """
    graph = evidence.graph
    findings = []
    for call in graph.calls:
        is_output = any(given is tensor for given in call.gives for tensor in graph.outputs)
        if is_output or not _is_softmax(call) or not graph.takers(call):
            continue
        if not are_ones(ops.convert_to_numpy(ops.cast(call.gives[0], "float32"))):
            continue
        findings.append(
            Finding(
                "softmax_of_one",
                call.name,
                {"shape": [int(size) for size in call.gives[0].shape[1:]]},
                "error",
                f"{call.name!r} is a softmax over an axis of length 1, which is 1 whatever the "
                "input: nothing before it is learned.",
                "Take the softmax over the axis that the parts to be weighted are on, as with "
                "keras.layers.Softmax(axis=1) of the scores of steps, or use sigmoid.",
            )
        )
    return findings


def hidden_softmax(evidence: Evidence) -> list[Finding]:
    """A softmax as the activation of a hidden layer: what the next layer takes adds up to 1.

    One that is weighted with, predicted too, or frozen is meant.
    """
    graph = evidence.graph
    findings = []
    for call in graph.calls:
        if not _is_softmax(call) or call.gives[0].shape[-1] < 2 or not _is_trained(graph, call):
            continue
        layer = _only_matrix_behind(graph, call)
        if layer is None:
            continue
        units = int(call.gives[0].shape[-1])
        findings.append(
            Finding(
                "hidden_softmax",
                call.name,
                {"units": units, "next": layer.name},
                "warning",
                f"{call.name!r} is a softmax in front of {layer.name!r}: its {units} values add up "
                f"to 1, {1 / units:.2g} each on average, and none can grow but at the others' "
                "cost.",
                "Give it relu or tanh, which take each unit alone; softmax is for outputs and for "
                "weights to sum with.",
                True,
            )
        )
    return findings


def _is_trained(graph: Graph, call: Call) -> bool:
    """Whether the weights that a softmax is of are trained."""
    _, matrix = graph.back_to_matrix(call.gives[0])
    return matrix is not None and bool(matrix.layer.trainable_weights)


def _only_matrix_behind(graph: Graph, call: Call) -> Call | None:
    """The layer with weights that takes what a call gives, and nothing else does."""
    while len(takers := graph.takers(call)) == 1 and len(takers[0].takes) == 1:
        if any(given is tensor for given in call.gives for tensor in graph.outputs):
            return None
        (call,) = takers
        if call.has_matrix:
            return call
        if call.kind not in (*RESHAPING, *DROPOUTS, *NORMALIZING):
            return None
    return None


def _is_softmax(call: Call) -> bool:
    """Of scores in rows or steps; those of heads have an axis more, and may be of one step."""
    is_one = call.activation == "softmax" or call.kind == "Softmax"
    return is_one and len(call.gives) == 1 and len(call.gives[0].shape) <= 3


def _linear_pair(graph: Graph, call: Call) -> tuple[Call, Call] | None:
    """A call without an activation, and the next with weights, which alone takes its outputs."""
    if call.kind not in _STACKED or call.activation != "linear":
        return None
    found = call
    while True:
        takers = graph.takers(found)
        if len(takers) != 1:
            return None
        if takers[0].kind in _STACKED:
            return call, takers[0]
        plain = takers[0].kind in (*LINEAR, "Activation") and takers[0].activation == "linear"
        if not plain or len(takers[0].takes) != 1:
            return None
        found = takers[0]


def _is_bottleneck(graph: Graph, first: Call, second: Call) -> bool:
    before, within, behind = (
        int(t.shape[-1]) for t in (first.takes[0], first.gives[0], second.gives[0])
    )
    _, matrix = graph.back_to_matrix(first.takes[0])
    separable = matrix is not None and matrix.kind.startswith("Depthwise")
    return within < behind and (within < before or separable)


def _hidden(graph: Graph) -> int:
    """How many layers with weights come before the last one of them."""
    return sum(call.has_matrix or _bends(call) for call in graph.calls) - 1


def _bends(call: Call) -> Any:
    """Whether something without weights may be nonlinear."""
    return call.kind not in (*LINEAR, "Activation", "InputLayer") and not _ends(call)


def _ends(call: Call) -> bool:
    return call.kind in ("Softmax", "Sigmoid", "LogSoftmax")
