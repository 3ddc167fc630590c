"""Faults of validation data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.data import Data
from normlayers.diagnosis.evidence.features import FeatureStatistics
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.finding import Finding

Array = npt.NDArray[Any]

# Means apart by so many standard deviations beyond what chance does, and standard deviations apart
# by such a factor: half a deviation is a medium effect, two leave hardly an overlap (Cohen 1988).
SHIFTED, FAR_SHIFTED = 0.5, 2.0
RESCALED, FAR_RESCALED = 3.0, 10.0
CHANCE = 5.0  # standard errors
FEWEST_ROWS = 8
ROUNDING = 1e-5
# Standard deviations, where there are none to count in.
WHOLLY = 1e6
# Total variation distance of the shares of the classes.
OTHER_CLASSES = 0.3
# Share of the validation rows that training has too, beyond those that repeat themselves anyway.
SHARED_ROWS = 0.05
# In so many it is looked whether a feature tells rows apart.
DISTINCT_ROWS = 1000


def validation_rows_in_training(evidence: Evidence) -> list[Finding]:
    """Validation rows that are training rows, beyond what rows that repeat themselves explain.

    Of new rows of the same source as many are known as ``1 - n1 / n`` says, with ``n1`` of ``n``
    training rows unlike all others (Good 1953, with Turing's estimate); none, where a feature takes
    another value in most rows: there rows that are alike are copies.
    """
    if evidence.validation is None:
        return []
    train, other = (_row_hashes(data) for data in (evidence.data, evidence.validation))
    if min(len(train), len(other)) < FEWEST_ROWS or not np.isin(other, train).any():
        return []
    _, first, times = np.unique(train, return_index=True, return_counts=True)
    by_chance, what = 1 - float((times == 1).sum()) / len(train), "validation rows"
    if _is_told_by_a_feature(evidence.data, first[:DISTINCT_ROWS]):
        # But for a few, such as rows of zeros, which count once.
        by_chance, what, other = 0.0, "different validation rows", np.unique(other)
    rows = len(other)
    shared = float(np.isin(other, train).mean())
    chance = CHANCE * np.sqrt(by_chance * (1 - by_chance) * (1 / rows + 1 / len(train)))
    if shared <= by_chance + SHARED_ROWS + chance:
        return []
    found = round(shared * rows)
    return [
        Finding(
            "validation_rows_in_training",
            "x",
            {"share": shared, "by_chance": by_chance, "rows": rows},
            "warning",
            f"{'All' if found == rows else f'{found:,} of the'} {rows:,} {what} are training rows "
            "too: what is measured on them is how well rows are remembered, not what "
            "was learned of others.",
            "Split the rows before any are copied, augmented or put into windows, all copies of a "
            "row on one side.",
        )
    ]


def _row_hashes(data: Data) -> Array:
    """A number for each row, the same for the same inputs, and of 64 bits."""
    parts, rows = [_plain(part) for part in data.parts], range(data.rows)
    return np.array([hash(tuple(part[row].tobytes() for part in parts)) for row in rows])


def _is_told_by_a_feature(data: Data, rows: Array) -> bool:
    """Whether some feature has as many values in these rows as half of them."""
    parts = (np.sort(_plain(part[rows]).reshape(len(rows), -1), axis=0) for part in data.parts)
    # NaN is no value.
    others = (np.sum((p[1:] != p[:-1]) & (p[1:] == p[1:]), axis=0) for p in parts)
    return any(bool((count + 1 >= len(rows) / 2).any()) for count in others)


def _plain(part: Array) -> Array:
    """Numbers in the types that hold them wherever they come from; 0 and -0 alike."""
    if part.dtype.kind == "f":
        return np.ascontiguousarray(part, np.float32) + np.float32(0)
    return part.astype(np.int64 if part.dtype.kind in "biu" else str)


def train_validation_shift(evidence: Evidence) -> list[Finding]:
    """Validation data with other statistics than the training data."""
    if evidence.validation is None:
        return []
    findings = []
    rows = min(evidence.validation.rows, evidence.data.rows)
    for name, found in evidence.validation_inputs.items():
        train = evidence.inputs.get(name)
        if train is None or len(found.mean) != len(train.mean) or rows < FEWEST_ROWS:
            continue
        findings += _shift(evidence, name, train, found)
    return [*findings, *_other_classes(evidence)]


def _shift(
    evidence: Evidence, name: str, train: FeatureStatistics, found: FeatureStatistics
) -> list[Finding]:
    pooled = np.sqrt((train.deviation**2 + found.deviation**2) / 2)
    rows = evidence.data.rows, evidence.validation.rows if evidence.validation else 1
    chance = CHANCE * np.sqrt(1 / rows[0] + 1 / rows[1])
    with np.errstate(all="ignore"):
        apart = np.abs(train.mean - found.mean)
        # Of a feature that is one value in training and another in validation all is apart.
        moved_whole = train.constant & found.constant & (apart > ROUNDING * np.abs(train.mean))
        shift = np.where(pooled > 0, apart / pooled, np.where(moved_whole, WHOLLY, 0.0)) - chance
        ratio = np.exp(np.abs(np.log(found.spread / train.spread)))
        ratio = np.where(train.dense & found.dense, ratio, 1.0) / (1 + chance)
    ratio = np.nan_to_num(ratio, nan=1.0)
    moved, rescaled = float(shift.max()), max(float(ratio.max()), _whole_ratio(train, found))
    if moved <= SHIFTED and rescaled <= RESCALED:
        return []
    worst = int(np.argmax(shift if moved > SHIFTED else ratio))
    far = moved > FAR_SHIFTED or rescaled > FAR_RESCALED
    feature = evidence.data.feature_name(name, worst)
    return [
        Finding(
            "train_validation_shift",
            name,
            {
                "feature": feature,
                "training": [float(train.mean[worst]), float(train.deviation[worst])],
                "validation": [float(found.mean[worst]), float(found.deviation[worst])],
                "shift": moved,
                "ratio": rescaled,
            },
            "error" if far else "warning",
            f"The validation data of {name} have other statistics than the training data: feature "
            f"{feature} has mean {found.mean[worst]:.6g} and standard deviation "
            f"{found.deviation[worst]:.3g} there, {train.mean[worst]:.6g} and "
            f"{train.deviation[worst]:.3g} in training.",
            "Scale both by the training data's statistics, and split the rows at random.",
            False,
        )
    ]


def _other_classes(evidence: Evidence) -> list[Finding]:
    train = evidence.data.y
    other = evidence.validation.y if evidence.validation else None
    if not isinstance(train, np.ndarray) or not isinstance(other, np.ndarray):
        return []
    shares = [_class_shares(part) for part in (train, other)]
    if shares[0] is None or shares[1] is None:
        return []
    classes = shares[0].keys() | shares[1].keys()
    apart = sum(abs(shares[0].get(c, 0) - shares[1].get(c, 0)) for c in classes) / 2
    rows = min(len(train), len(other))
    if len(classes) > 50 or apart <= OTHER_CLASSES + CHANCE / 2 * np.sqrt(len(classes) / rows) / 2:
        return []
    return [
        Finding(
            "train_validation_shift",
            "y",
            {"distance": float(apart)},
            "warning",
            f"The classes are spread otherwise in the validation data than in training (total "
            f"variation distance {apart:.2g}), as where sorted rows are split without shuffling.",
            "Split the rows at random, by class.",
            False,
        )
    ]


def _class_shares(y: Array) -> dict[Any, float] | None:
    if y.ndim == 2 and y.shape[1] > 1:
        if not np.isin(y, (0, 1)).all():
            return None
        y = y.argmax(axis=1)
    y = y.reshape(-1)
    if y.dtype.kind not in "biuf" or not np.all(y == np.floor(y)):
        return None
    classes, counts = np.unique(y, return_counts=True)
    return dict(zip(classes.tolist(), (counts / len(y)).tolist(), strict=True))


def _whole_ratio(train: FeatureStatistics, found: FeatureStatistics) -> float:
    """By what factor the deviations of all features together differ, in either direction.

    1 where training has none: to what a mask of ones only is to be compared, nothing says.
    """
    scales = _whole_scale(train), max(_whole_scale(found), 1e-300)
    return max(scales[1] / scales[0], scales[0] / scales[1]) if scales[0] else 1.0


def _whole_scale(found: FeatureStatistics) -> float:
    return float(np.sqrt(np.mean(found.deviation**2)))
