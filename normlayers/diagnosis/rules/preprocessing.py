"""Faults of layers that scale inputs, and of targets out of order."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.calls import SCALING, Call, Graph
from normlayers.diagnosis.evidence.features import FeatureStatistics
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.layers import Scaled
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.rules.number_kinds import divided_twice, may_be_names
from normlayers.layers.statistics_layer import StatisticsLayer

Array = npt.NDArray[Any]

# What a first layer takes well, see rules/first_layers.py; a little wider, for what a layer made of
# it.
FITTING_SCALE = (0.1, 4.0)
FITTING_OFFSET = 3.0


def not_adapted(evidence: Evidence) -> list[Finding]:
    """Layers that standardize, but without statistics, or with those of other data."""
    findings = []
    for scaled in evidence.scaled:
        layer = scaled.call.layer
        if scaled.call.kind == "Rescaling" or getattr(layer, "invert", False) or _shifts(layer):
            continue
        if not _has_statistics(layer):
            message = (
                f"Layer {scaled.call.name!r} was never adapted, and passes its inputs through."
            )
        elif _ill(scaled.after) and not _fits(scaled.before):
            message = (
                f"Layer {scaled.call.name!r} has the statistics of other data: what it gives has a "
                f"mean of up to {np.abs(scaled.after.mean).max():.3g} and standard deviations of "
                f"{scaled.after.deviation.min():.3g} to {scaled.after.deviation.max():.3g}."
            )
        else:
            continue
        needless = _fits(scaled.before)
        findings.append(
            Finding(
                "not_adapted",
                scaled.call.name,
                _evidence(scaled),
                "warning" if needless else "error",
                message,
                f"Call {scaled.call.name}.adapt(x) with the training data before training.",
                True,
            )
        )
    return findings


def normalized_twice(evidence: Evidence) -> list[Finding]:
    """Data of a fitting scale that a layer scales out of it, or that were divided twice."""
    findings = []
    for scaled in evidence.scaled:
        if getattr(scaled.call.layer, "invert", False) or not _has_statistics(scaled.call.layer):
            continue
        if _fits(scaled.before) and _ill(scaled.after):
            findings.append(
                Finding(
                    "normalized_twice",
                    scaled.call.name,
                    _evidence(scaled),
                    "error",
                    f"Layer {scaled.call.name!r} scales data that are scaled already: standard "
                    f"deviations of {_typical(scaled.before):.3g} become "
                    f"{_typical(scaled.after):.3g}, means of up to "
                    f"{np.abs(scaled.before.mean).max():.3g} become "
                    f"{np.abs(scaled.after.mean).max():.3g}.",
                    "Leave the layer out, or give the model the data as they were before.",
                    True,
                )
            )
    return [*findings, *_divided(evidence)]


def _divided(evidence: Evidence) -> list[Finding]:
    findings = []
    for name, found in evidence.inputs.items():
        number = divided_twice(found)
        if number is not None:
            findings.append(
                Finding(
                    "normalized_twice",
                    name,
                    {"highest_value": float(found.high.max()), "divided_by": number},
                    "error",
                    f"The values of {name} go from 0 to {found.high.max():.3g}, as whole numbers "
                    f"do that were divided by {number} twice.",
                    f"Divide by {number} once.",
                    True,
                )
            )
    return findings


def _has_statistics(layer: Any) -> bool:
    if isinstance(layer, StatisticsLayer):
        return layer._given is not None or layer.count > 0
    if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
        mean, variance = (np.asarray(w) for w in layer.get_weights()[:2])
        return not (np.all(mean == 0) and np.all(variance == 1))
    return True


def _shifts(layer: Any) -> bool:
    """Whether it was given what to subtract, and leaves the scale as it is."""
    if not isinstance(layer, StatisticsLayer) or layer._given is None:
        return False
    return bool(np.all(type(layer).scale_of(layer._given[1], np) == 1))


def _fits(found: FeatureStatistics) -> bool:
    """Whether a first layer takes this well."""
    if found.constant.all():
        return False
    varies = ~found.constant
    small = np.median(found.reach[varies]) < FITTING_SCALE[0]
    large = found.scale[varies].max() > FITTING_SCALE[1]
    return not small and not large and bool(np.all(np.abs(found.mean) <= FITTING_OFFSET))


def _ill(found: FeatureStatistics) -> bool:
    return not _fits(found)


def _typical(found: FeatureStatistics) -> float:
    return float(np.median(found.deviation))


def _evidence(scaled: Scaled) -> dict[str, Any]:
    return {
        "input": scaled.source,
        "deviation_before": _typical(scaled.before),
        "deviation_after": _typical(scaled.after),
        "mean_before": float(np.abs(scaled.before.mean).max()),
        "mean_after": float(np.abs(scaled.after.mean).max()),
    }


def is_filled(evidence: Evidence, name: str) -> bool:
    """Whether a ``FillMissing`` stands behind an input, maybe with a scaling layer between."""
    try:
        inputs = zip(evidence.data.names, evidence.graph.inputs, strict=False)
    except CannotCheckError:
        return False
    graph = evidence.graph
    return any(own == name and _fill(graph, graph.taken_by(tensor)) for own, tensor in inputs)


def _fill(graph: Graph, calls: list[Call]) -> bool:
    return bool(calls) and all(
        call.kind == "FillMissing" or (call.kind in SCALING and _fill(graph, graph.takers(call)))
        for call in calls
    )


def targets_unrelated_to_inputs(evidence: Evidence) -> list[Finding]:
    """Targets of which the inputs tell nothing, as where the two were shuffled apart.

    A relation that neither near rows nor features, one by one, show may still be there.
    """
    names = any(may_be_names(each.statistics) for each in evidence.first_inputs)
    # By their size they tell nothing, whatever the order.
    first = "If x are numbers of words or other names, train with an Embedding. " if names else ""
    known = {output.name for output in evidence.outputs if output.loss and output.loss.kind}
    return [
        Finding(
            "targets_unrelated_to_inputs",
            name,
            {
                "neighbours": [each.neighbours for each in tried],
                "closest": [each.closest for each in tried],
                "together": [each.together for each in tried],
            },
            # Rewards and actions may be what a loss of one's own takes.
            "warning" if len(tried) == 1 and name in known else "note",
            f"The targets of {name!r} go with the inputs no more than by chance: near rows have "
            "targets as different as any others, and no features rise or fall with them.",
            f"{first}Check that x and y are in the same order: sort, filter and shuffle them "
            "together, as by one permutation for both.",
        )
        for name, tried in evidence.relations.items()
        if all(each.is_chance for each in tried)
    ]
