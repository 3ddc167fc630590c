"""Gradients that vanish or explode on their way through the layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.calls import Graph
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.training.flow import Flow
from normlayers.diagnosis.finding import Finding

Array = npt.NDArray[Any]

# Gradient of a matrix relative to its size, of one layer against the largest. Ten sigmoid layers
# make about 1e-7 of it, three about 1/30.
FAINT, VANISHED = 1e-4, 1e-6
# The same of the first layer, above which gradients do not vanish on their way.
FIRST = 1e-2
# Part of the loss that changes with all of a matrix. Of networks that train it is 0.05 to 10; eight
# layers whose weights are a tenth of He's make 1e-7 of it (benchmarks/diagnosis.py, tuning half).
NEGLIGIBLE, NOTHING = 1e-5, 1e-7
# Below it nothing is left to be learned.
FITTED = 1e-6
# Names told of those between a layer without a gradient and the next that has one.
NAMED = 6
CUT_OFF = (
    "Look for what passes no gradient on: stop_gradient, rounding, a comparison, argmax, or a "
    "normalization over a single value. Where there is none: "
)
AT_THE_ENDS = (
    "All predictions are 0 or 1 but for rounding, and there the loss has no slope: no weight gets "
    "any gradient."
)
FROM_THE_ENDS = (
    "Standardize the inputs and initialize the weights with he_normal (relu) or glorot_uniform, so "
    "that what the last activation takes is about 1; or leave that activation out and give the "
    "loss from_logits=True."
)
# Length of the loss's gradient by a matrix, of that matrix's length; a healthy one is below 10.
STEEP, EXPLODED = 100.0, 1e4


def vanishing_gradients(evidence: Evidence) -> list[Finding]:
    """Layers whose gradient is next to nothing, beside that of others or against the loss."""
    found = evidence.training
    if not found.now.finite or not len(found.now.relative) or abs(found.now.loss) <= FITTED:
        return []
    part, bad = _faint(found.now)
    if part is None:
        return []
    finding = _vanishing(found.now, part, evidence.graph)
    if not found.now.relative.any() and _predicts_ends(evidence):
        finding = replace(finding, message=AT_THE_ENDS, cure=FROM_THE_ENDS)
    began = _at_initialization(evidence, lambda flow: _faint(flow)[0] is not None)
    finding = replace(finding, evidence={**finding.evidence, "at_initialization": began})
    return [finding if bad else replace(finding, severity="warning")]


def _predicts_ends(evidence: Evidence) -> bool:
    """Whether all that comes out are probabilities so near 0 or 1 that their loss cuts them off.

    On TensorFlow Keras takes the logits instead, where it finds them.
    """
    end = keras.config.epsilon()
    with suppress(CannotCheckError):
        return all(
            output.loss is not None
            and output.loss.kind in ("binary", "categorical", "sparse")
            and not output.loss.from_logits
            and bool(np.all((output.values <= end) | (output.values >= 1 - end)))
            for output in evidence.outputs
        )
    return False


def _faint(flow: Flow) -> tuple[Array | None, bool]:
    """Which matrices have next to no gradient, ``None`` for none of them; whether it is gone."""
    relative, influence = flow.largest_relative, flow.influence
    if not flow.finite or not len(relative):
        return None, False
    # Where the first layer has its share, gradients go through: of attention's two factors one is
    # small beside what it is multiplied with.
    through = relative[0] > FIRST * relative.max()
    faint = ((relative <= FAINT * relative.max()) & ~through) | (influence <= NEGLIGIBLE).all()
    gone = (relative <= VANISHED * relative.max()) | (influence <= NOTHING)
    return (faint, bool((gone & faint).any())) if faint.any() else (None, False)


def _vanishing(flow: Flow, faint: Array, graph: Graph) -> Finding:
    relative, names = flow.largest_relative, flow.layers
    smallest = np.flatnonzero(faint & (relative == relative[faint].min()))
    # Of those without any, the last: it is behind this one that the gradient is lost.
    index = int(smallest[-1 if relative[smallest[0]] == 0 else 0])
    largest, influence = float(relative.max()), float(flow.influence[index])
    ratio = float(relative[index]) / largest if largest else 0.0
    count = int(faint.sum())
    others = f"; {count} layers are like that" if count > 1 else ""
    if largest == 0:
        message = "No weight gets any gradient of the rows looked at: nothing is learned of them."
    elif ratio == 0:
        message = (
            f"No gradient reaches {names[index]!r}{others}. {_behind(names[index], names, graph)}"
        )
    elif ratio <= FAINT:
        message = (
            f"The gradient of {names[index]!r} is {ratio:.1g} of that of "
            f"{names[int(np.argmax(relative))]!r}, each relative to its weights{others}."
        )
    else:
        message = (
            f"All weights of {names[index]!r} together move the loss by {influence:.1g} of what it "
            f"is{others}: hardly anything of the input gets through the layers."
        )
    measured = {
        "ratio": ratio,
        "influence": influence,
        "smallest": float(relative[index]),
        "largest": largest,
        "layers": [names[i] for i in np.flatnonzero(faint)[:10]],
    }
    return Finding(
        "vanishing_gradients",
        names[index],
        measured,
        "error",
        message,
        CUT_OFF
        * (ratio == 0)
        + "Initialize the weights with he_normal (relu) or glorot_uniform, use relu in place of "
        "sigmoid or tanh, or put a BatchNormalization before each activation.",
        True,
    )


def _behind(name: str, names: list[str], graph: Graph) -> str:
    """What lies behind a layer's last call, up to the matrices that it goes on to."""
    own = [call for call in graph.calls if call.name == name]
    if not own:
        return "Layers behind it get theirs."
    reached = {id(tensor) for tensor in own[-1].gives}
    through: list[str] = []
    found: list[str] = []
    for call in graph.calls:
        if reached.isdisjoint(map(id, call.takes)):
            continue
        ends = call.has_matrix and call.name in names
        names_of = found if ends else through
        if call.name not in names_of:  # as of a layer that is called again
            names_of.append(call.name)
        if not ends:
            reached |= {id(tensor) for tensor in call.gives}
    behind = _listed(found) if found else "the outputs"
    between = _listed(through) if through else "nothing but its own activation"
    return f"Between it and {behind} {'are' if through[1:] else 'is'} {between}."


def _listed(names: list[str]) -> str:
    told = [repr(name) for name in names]
    return ", ".join(told[:NAMED]) + (f" and {len(told) - NAMED} more" if told[NAMED:] else "")


def _at_initialization(evidence: Evidence, shows: Callable[[Flow], bool]) -> bool | None:
    """Whether the fault shows with fresh weights too; ``None`` where those are not known."""
    if not evidence.subject.trained:
        return True
    first = evidence.training.initially
    return None if first is None else shows(first)


def exploding_gradients(evidence: Evidence) -> list[Finding]:
    """Gradients much longer than the weights they belong to, or not finite."""
    found = evidence.training
    flow = found.now
    began = _at_initialization(evidence, lambda flow: not flow.finite or _steepest(flow) > STEEP)
    if not flow.finite:
        measured = {"loss": repr(flow.loss), "at_initialization": began}
        return [_exploding("", measured, "The loss or its gradient is NaN or infinite.", True)]
    ratio = _steepest(flow)
    # What is clipped moves no weight far; far above, hardly more than a direction is left of it.
    clipped = float(flow.clipped.max(initial=0.0))
    if ratio <= STEEP or (ratio <= EXPLODED and clipped <= STEEP):
        return []
    name = flow.layers[int(np.argmax(flow.relative))]
    return [
        _exploding(
            name,
            {"ratio": ratio, "loss": flow.loss, "at_initialization": began},
            f"The gradient of {name!r} is {ratio:.3g} times as long as its weights, and the loss "
            f"{flow.loss:.3g}.",
            ratio > EXPLODED,
        )
    ]


def _steepest(flow: Flow) -> float:
    return float(flow.relative.max(initial=0.0))


def _exploding(where: str, measured: dict[str, Any], message: str, bad: bool) -> Finding:
    return Finding(
        "exploding_gradients",
        where,
        measured,
        "error" if bad else "warning",
        message,
        "Standardize inputs and targets, initialize with he_normal or glorot_uniform, put "
        "BatchNormalization between the layers, or give the optimizer clipnorm=1.",
        True,
    )
