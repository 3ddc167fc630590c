"""Faults of what the first layers with a matrix take: its scale and its centre."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.calls import RESHAPING
from normlayers.diagnosis.evidence.features import FeatureStatistics
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.layers import FirstInput
from normlayers.diagnosis.finding import Finding, Severity
from normlayers.diagnosis.rules.number_kinds import divided_twice, guess, is_image, may_be_names
from normlayers.diagnosis.rules.preprocessing import normalized_twice, not_adapted

Array = npt.NDArray[Any]

# Standard deviations of what a first layer takes. LeCun et al., Efficient BackProp (1998), want
# about 1; from these on benchmarks/diagnosis.py sees training suffer.
LARGE, VERY_LARGE = 4.0, 20.0
SMALL, VERY_SMALL = 0.06, 0.006
# Ranges of two features: article A3's stretched loss surface has 100.
UNEQUAL, VERY_UNEQUAL = 50.0, 1e4
# |median| in spreads, and for itself: article A2's data at 10 with a spread of 0.6 has 17; of data
# in [0, 1] biases reach it soon.
OFF_CENTRE, FAR_OFF_CENTRE = (3.0, 2.0), (8.0, 4.0)
AS_TRAINED_ON = (
    "Prepare x as it was where the frozen layers were trained (those of keras.applications: by "
    "the module's own preprocess_input), or let them train."
)
EMBED = "If these are numbers of words or other names, give them to a keras.layers.Embedding."
STANDARDIZE = "Put an adapted normlayers.Standardize (or MinMaxScale)"
MOST_NAMES = 5


def inputs_not_scaled(evidence: Evidence) -> list[Finding]:
    """Features whose variation is far from 1, or far from each other's.

    Frozen layers want what they were trained on, of whatever scale: see ``behind_frozen_layers``.
    """
    findings = behind_frozen_layers(evidence)
    for first in evidence.first_inputs:
        is_beyond = _is_beyond_its_type(first)
        if first.frozen and not is_beyond:
            continue
        found = evidence.inputs[first.source] if is_beyond else first.statistics
        varies = ~found.constant & (found.not_finite < found.rows)
        if (
            not varies.any()
            or _harmed_by_layer(evidence, first)
            or divided_twice(found) is not None
        ):
            continue
        severity, why, features = _scale_fault(found, varies)
        if severity is None:
            continue
        if first.normalized_next and severity == "error" and not is_beyond:
            severity = "warning"  # the normalization behind takes most of it away
        name, where = _place(first), first.source or first.layer
        names = [evidence.data.feature_name(first.source, int(i)) for i in features[:MOST_NAMES]]
        scale = found.scale[varies]
        too_large = f", and some values are infinite as {keras.config.floatx()}"
        cure = (
            f"{_standardize(first)}, or scale x{', without padding,' if first.is_masked else ''}"
            " by the training data's statistics"
            f"{' (images: divide by 255)' if is_image(found) else ''}."
        )
        if may_be_names(found):
            cure = f"{EMBED} Else: {cure[0].lower()}{cure[1:]}"
        findings.append(
            Finding(
                "inputs_not_scaled",
                where,
                {
                    "smallest": float(scale.min()),
                    "largest": float(scale.max()),
                    "features": names,
                    "lowest_value": float(found.low.min()),
                    "highest_value": float(found.high.max()),
                    "layer": first.layer,
                },
                severity,
                f"{name} {why}{too_large if is_beyond else guess(found, features)}.",
                "Divide x by a constant before the model takes it." if is_beyond else cure,
                not is_beyond,
            )
        )
    return findings


def behind_frozen_layers(evidence: Evidence) -> list[Finding]:
    """Next to nothing of the inputs left behind frozen layers, whose own scale was a larger one."""
    if not any(first.frozen for first in evidence.first_inputs):
        return []
    seen = {first.layer for first in evidence.first_inputs}
    findings = []
    for first in evidence.first_trained:
        found = first.statistics
        varies = ~found.constant & (found.not_finite < found.rows)
        if first.layer in seen or not varies.any() or _are_of_unit_length(found):
            continue
        reach = np.where(varies, np.fmax(found.reach, found.deviation), np.nan)
        typical = float(np.nanmedian(reach))
        if typical >= SMALL or np.nanmax(reach) >= 4 * SMALL:
            continue
        findings.append(
            Finding(
                "inputs_not_scaled",
                first.layer,
                {
                    "smallest": typical,
                    "largest": float(np.nanmax(reach)),
                    "layer": first.layer,
                    "behind_frozen": True,
                },
                "warning",
                f"{_place(first)}, behind frozen layers, varies by {typical:.3g} (standard "
                "deviation) where about 1 is wanted, as where those are given other inputs than "
                "they were trained on.",
                AS_TRAINED_ON,
                False,
            )
        )
    return findings


def _are_of_unit_length(found: FeatureStatistics) -> bool:
    """Whether rows are scaled to length 1, as embeddings are: of many features each is small."""
    return bool(np.isclose(np.sum(found.mean**2 + found.deviation**2), 1, rtol=0.02))


def _is_beyond_its_type(first: FirstInput) -> bool:
    """Whether an input's finite numbers are too large for the type in which they are taken."""
    as_they_come = first.source and all(call.kind in RESHAPING for call in first.through)
    return bool(as_they_come and first.statistics.not_finite.any())


def _scale_fault(found: FeatureStatistics, varies: Array) -> tuple[Severity | None, str, Array]:
    scale = np.where(varies, found.scale, np.nan)
    order = np.argsort(-np.nan_to_num(scale))
    # Of noise with few peaks the middle half varies little: what is large in it counts, too.
    reach = np.where(varies, np.fmax(found.reach, found.deviation), np.nan)
    largest, typical = np.nanmax(scale), np.nanmedian(reach)
    if largest > LARGE:
        severity: Severity = "error" if largest > VERY_LARGE else "warning"
        half = " of the middle half" if found.dense[order[0]] else ""
        why = (
            f"varies by up to {largest:.3g} (standard deviation{half}; values "
            f"{found.low.min():.3g} to {found.high.max():.3g}) where about 1 is wanted"
        )
        return severity, why, order
    if typical < SMALL and np.nanmax(reach) < 4 * SMALL:
        severity = "error" if typical < VERY_SMALL else "warning"
        why = f"varies by {typical:.3g} (standard deviation) where about 1 is wanted"
        return severity, why, order[::-1]
    if found.dense.sum() > 1:
        # By range and by spread: one alone may be large through outliers.
        sizes = [of[found.dense] for of in (found.high - found.low, found.spread)]
        ratio = min(float(of.max() / of.min()) for of in sizes)
        if ratio > UNEQUAL:
            severity = "error" if ratio > VERY_UNEQUAL else "warning"
            why = f"has features whose ranges differ by a factor of {ratio:.3g}"
            return severity, why, np.argsort(np.where(found.dense, found.spread, np.inf))
    return None, "", order


def inputs_not_centred(evidence: Evidence) -> list[Finding]:
    """Features that lie to one side of 0: neurons are active on all of the data, or on none."""
    findings = []
    for first in evidence.first_inputs:
        found = first.statistics
        if first.frozen or not found.dense.any() or _harmed_by_layer(evidence, first):
            continue
        with np.errstate(all="ignore"):
            offset = np.where(found.dense, np.abs(found.median) / found.spread, 0.0)
        size = np.abs(found.median)
        off, far = (
            (offset > least) & (size > and_least)
            for least, and_least in (OFF_CENTRE, FAR_OFF_CENTRE)
        )
        if not off.any():
            continue
        worst = int(np.argmax(np.where(off, offset, 0)))
        severity: Severity = "error" if far.any() and not first.normalized_next else "warning"
        names = [
            evidence.data.feature_name(first.source, int(i))
            for i in np.argsort(-np.where(off, offset, 0))[: min(MOST_NAMES, int(off.sum()))]
        ]
        findings.append(
            Finding(
                "inputs_not_centred",
                first.source or first.layer,
                {
                    "offset": float(offset[worst]),
                    "median": float(found.median[worst]),
                    "spread": float(found.spread[worst]),
                    "features": names,
                    "layer": first.layer,
                },
                severity,
                f"{_place(first)} lies {offset[worst]:.3g} standard deviations from 0 (feature "
                f"{names[0]}: about {found.median[worst]:.4g}), so that most neurons are active "
                f"on all of the data or on none{guess(found, np.array([worst]))}.",
                f"{_standardize(first)}: it subtracts the mean.",
                True,
            )
        )
    return findings


def _place(first: FirstInput) -> str:
    if first.through and first.source:
        return f"What layer {first.layer!r} takes of {first.source!r}"
    return f"Input {first.source!r}" if first.source else f"What layer {first.layer!r} takes"


def _standardize(first: FirstInput) -> str:
    """The cure: padding is known by its value before it is scaled."""
    behind = "behind the Masking, adapted with its mask"
    return f"{STANDARDIZE} {behind if first.is_masked else 'in front'}"


def _harmed_by_layer(evidence: Evidence, first: FirstInput) -> bool:
    """Whether a rule about the scaling layers before says it already."""
    layers = {call.name for call in first.through}
    said = [*not_adapted(evidence), *normalized_twice(evidence)]
    return any(finding.where in layers for finding in said)
