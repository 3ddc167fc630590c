"""Faults of the inputs, feature by feature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.data import not_finite
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.rules.number_kinds import is_mask
from normlayers.diagnosis.rules.preprocessing import is_filled

Array = npt.NDArray[Any]

# Distance from the median in spreads; of 10,000 normal values the furthest has 4. In a feature that
# is mostly one value, in distances of the others: counts of words reach 30.
OUTLYING, FAR_OUTLYING, RARE_OUTLYING = 30.0, 300.0, 100.0
MOST_NAMES = 5
DROP = "Drop those rows."
FILL = "Drop those rows, or fill in the feature's mean, as sklearn.impute.SimpleImputer does."


def non_finite_input(evidence: Evidence) -> list[Finding]:
    """NaN or infinite values, in inputs, targets or weights of rows: one is enough."""
    places = [(name, found.not_finite) for name, found in evidence.inputs.items()]
    findings = []
    for name, counts in places:
        if counts.any() and not is_filled(evidence, name):
            worst = int(np.argmax(counts))
            where = f"{name}, feature {evidence.data.feature_name(name, worst)}"
            findings.append(_not_finite(name, int(counts.sum()), where, FILL, True))
    missing = sum(not_finite(part) for part in _parts(evidence.data.y))
    found = {"y": missing, "sample_weight": evidence.data.invalid_weights}
    others = [_not_finite(name, n, name, DROP, False) for name, n in found.items() if n]
    if missing and _by_losses_of_ones_own(evidence):  # which may leave such targets out
        cure = f"{DROP} A loss that leaves such targets out may have them."
        others[0] = replace(others[0], severity="warning", cure=cure)
    return findings + others


def _by_losses_of_ones_own(evidence: Evidence) -> bool:
    try:
        losses = [output.loss for output in evidence.outputs]
    except CannotCheckError:
        return False
    return all(loss is not None and not loss.kind for loss in losses)


def _not_finite(name: str, count: int, where: str, cure: str, repairable: bool) -> Finding:
    most = f", most in {where}" if where != name else ""
    return Finding(
        "non_finite_input",
        name,
        {"values": count, "worst": where},
        "error",
        f"{name} has NaN or infinite values ({count:,}{most}); one makes weights NaN in training.",
        cure,
        repairable,
    )


def constant_feature(evidence: Evidence) -> list[Finding]:
    """Features with one value: they tell nothing, and act as a bias."""
    findings = []
    all_constant = all(found.constant.all() for found in evidence.inputs.values())
    for name, found in evidence.inputs.items():
        count, features = int(found.constant.sum()), len(found.constant)
        if count == 0 or evidence.data.rows < 2:
            continue
        names = [
            evidence.data.feature_name(name, int(i))
            for i in np.flatnonzero(found.constant)[:MOST_NAMES]
        ]
        every = count == features
        if _is_lookup(evidence, name) and not every:
            continue
        masks = is_mask(found) and found.rows == evidence.data.rows and not all_constant
        wrong = every and not masks
        is_bias = bool(np.any(found.median[found.constant] != 0))
        values = [float(found.median[i]) for i in np.flatnonzero(found.constant)[:MOST_NAMES]]
        shown = ", ".join(f"{n}: {value:.4g}" for n, value in zip(names, values, strict=True))
        findings.append(
            Finding(
                "constant_feature",
                name,
                {"count": count, "of": features, "features": names, "values": values},
                "error" if wrong else "note",
                f"{count} of the {features} features of {name} {'has' if count == 1 else 'have'} "
                f"the same value in every row{_beside_padding(evidence, name)} (feature {shown}"
                f"{', …' if count > MOST_NAMES else ''}) and {'tells' if count == 1 else 'tell'} "
                "nothing.",
                "Check how x is made." if wrong else "Drop them, or leave them as they are.",
                not every and is_bias and not _is_scaled(evidence, name),
            )
        )
    return findings


def outliers(evidence: Evidence) -> list[Finding]:
    """Values far from all the others: they rule the gradient, and any statistics."""
    findings = []
    for name, found in evidence.inputs.items():
        far = np.where(found.dense | (found.sparse & (found.far > RARE_OUTLYING)), found.far, 0.0)
        if not len(far) or far.max() <= OUTLYING or _is_lookup(evidence, name):
            continue
        worst = int(np.argmax(far))
        feature = evidence.data.feature_name(name, worst)
        features = int((far > OUTLYING).sum())
        spreads = "standard deviations (of the middle half)"
        unit = "times the usual distance" if found.sparse[worst] else spreads
        low, high, median = found.low[worst], found.high[worst], found.median[worst]
        value = high if high - median > median - low else low
        findings.append(
            Finding(
                "outliers",
                name,
                {
                    "distance": float(far[worst]),
                    "feature": feature,
                    "value": float(value),
                    "features": features,
                },
                "error" if far[worst] > FAR_OUTLYING else "warning",
                f"Feature {feature} of {name} has values up to {value:.4g}, "
                f"{far[worst]:.3g} {unit} from its median"
                f"{f'; {features} features are like that' if features > 1 else ''}.",
                "Clip the feature, take its logarithm, or drop these rows; then standardize.",
                True,
            )
        )
    return findings


def _parts(structure: Any) -> list[Array]:
    return [] if structure is None else keras.tree.flatten(structure)


def _beside_padding(evidence: Evidence, name: str) -> str:
    try:
        masked = any(f.is_masked and f.source == name for f in evidence.first_inputs)
    except CannotCheckError:
        return ""
    return ", but for the steps that a Masking leaves out," if masked else ""


def _is_scaled(evidence: Evidence, name: str) -> bool:
    """Whether a layer of the model's own scales an input."""
    try:
        return any(scaled.source == name for scaled in evidence.scaled)
    except CannotCheckError:
        return False


def _is_lookup(evidence: Evidence, name: str) -> bool:
    """Whether an input's numbers are names of things, which an embedding looks up."""
    try:
        return all(first.source not in ("", name) for first in evidence.first_inputs)
    except CannotCheckError:
        return False
