"""Faults of targets: their scale, and how they fit the output and its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.losses import LOGARITHMIC, PERCENTAGE, RULING, largest_weight
from normlayers.diagnosis.evidence.outputs import Output, known
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding, Severity
from normlayers.diagnosis.rules.number_kinds import numbered_classes
from normlayers.diagnosis.rules.targets.outputs import OUT_OF_REACH
from normlayers.diagnosis.rules.targets.shapes import (
    Said,
    across_rows,
    not_computed,
    other_places,
)

Array = npt.NDArray[Any]

# Size of regression targets: an output begins near 0 with a standard deviation of about 1, and a
# step of 1e-3 takes thousands to get to 10 and more.
LARGE, VERY_LARGE = 10.0, 30.0
SMALL = 0.02
# More different numbers are amounts, not classes.
MANY_AMOUNTS = 20


def _with_targets(evidence: Evidence) -> list[tuple[Output, Array]]:
    """The outputs that have a loss, with all their targets."""
    outputs = evidence.outputs
    if all(output.every_target is None for output in outputs):
        raise CannotCheckError("y is missing")
    if all(output.loss is None for output in outputs):
        raise CannotCheckError("the model is not compiled with a loss")
    return [
        (output, output.every_target)
        for output in outputs
        if output.loss is not None
        and output.every_target is not None
        and output.every_target.dtype.kind in "biuf"
    ]


def targets_not_scaled(evidence: Evidence) -> list[Finding]:
    """Regression targets whose size is far from 1."""
    findings = []
    for output, y in _with_targets(evidence):
        own = _is_regression_by_an_own_loss(output, y)
        if output.loss is None or not (output.loss.kind == "regression" or own):
            continue
        values = np.asarray(y, float).reshape(-1, y.shape[-1] if y.ndim > 1 else 1)
        values = values[np.isfinite(values).all(axis=1)]
        scaled = output.rescaled
        if scaled is not None and len(scaled.factor) in (1, values.shape[1]):
            values = (values - scaled.offset) / scaled.factor
        elif np.nanmax(np.abs(output.values), initial=0.0) > LARGE:
            continue  # what is behind the last matrix takes it that far
        if not len(values):
            continue
        means, deviations = np.abs(values.mean(0)), values.std(0)
        worst = int(np.argmax(np.maximum(means, deviations)))
        mean, deviation = float(values[:, worst].mean()), float(deviations[worst])
        largest, size = max(abs(mean), deviation), float(np.abs(values).max())
        small = size < SMALL and size > 0
        if largest <= LARGE and not small:
            continue
        severity: Severity = "error" if largest > VERY_LARGE and not own else "warning"
        findings.append(
            Finding(
                "targets_not_scaled",
                output.name,
                {"mean": mean, "deviation": deviation, "column": worst},
                severity,
                f"The targets of {output.name!r}{_column(values, worst)} have mean {mean:.4g} and "
                f"standard deviation {deviation:.3g}, where an output begins near 0 and within a "
                "few units of it.",
                "Standardize y by the training data's statistics, and take the predictions back "
                "with normlayers.Standardize(invert=True).",
                True,
            )
        )
    return findings


def _column(values: Array, index: int) -> str:
    return f", column {index}," if values.shape[1] > 1 else ""


def _is_regression_by_an_own_loss(output: Output, y: Array) -> bool:
    """Whether amounts are learned by a loss that is not known, which may divide by their scale."""
    if output.loss is None or output.loss.kind or output.activation != "linear":
        return False
    width = y.shape[-1] if y.ndim > 1 else 1
    return width == output.units and len(np.unique(y[:10_000])) > MANY_AMOUNTS


def labels_do_not_fit_output(evidence: Evidence) -> list[Finding]:
    """Labels that the loss cannot read, or the output cannot reach."""
    findings = []
    for output, y in _with_targets(evidence):
        assert output.loss is not None
        numbers = known(y)  # of the others another rule tells
        if not numbers.size:
            continue
        is_last = output.loss.axis in (-1, output.values.ndim - 1)
        kind = output.loss.kind if is_last else ""  # classes along another axis are not known
        # An output of other places than the targets have no other units or labels would cure.
        misplaced = kind and other_places(output, numbers, evidence.graph)
        said = misplaced or _LABELS.get(kind, _nothing)(output, numbers)
        repairable = said is not None and not misplaced and said[0] != "note"
        said = said or not_computed(output, numbers) or across_rows(output, numbers)
        if said is not None:
            severity, what, cure = said
            findings.append(
                Finding(
                    "labels_do_not_fit_output",
                    output.name,
                    {
                        "shape": [len(y), *y.shape[1:]],
                        "output": [len(y), *output.values.shape[1:]],
                        "lowest": float(numbers.min()),
                        "highest": float(numbers.max()),
                        "units": output.units,
                        "loss": output.loss.name,
                        "activation": output.activation,
                    },
                    severity,
                    f"{what[0].upper()}{what[1:]}.",
                    cure,
                    repairable,
                )
            )
    return findings


def _nothing(output: Output, y: Array) -> Said:
    return None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _flat(y: Array) -> bool:
    return y.ndim == 1 or y.shape[-1] == 1


def _of_sparse(output: Output, y: Array) -> Said:
    units = output.units
    rows_alike = y.ndim == output.values.ndim and y.shape[-1] == units and units > 1
    if rows_alike and not (y.ndim > 1 and output.values.ndim == 2 and y.shape[-1] == 1):
        return (
            "error",
            f"the labels have {_count(y.shape[-1], 'column')}, as one-hot ones, where "
            "sparse_categorical_crossentropy takes one integer a row",
            "Use categorical_crossentropy, or y.argmax(axis=-1).",
        )
    assert output.loss is not None
    if output.loss.ignored is not None:
        y = y[y != output.loss.ignored]
        if not y.size:
            return None
    if not np.all(y == np.floor(y)):
        return (
            "error",
            "the labels are no integers, where sparse_categorical_crossentropy takes classes",
            "Use a loss for regression, or number the classes 0, 1 and so on.",
        )
    if y.min() < 0 or y.max() >= units:
        return (
            "error",
            f"the labels go from {y.min():g} to {y.max():g}, where an output of {units} units "
            f"takes 0 to {units - 1}",
            f"Number the classes from 0, or give the output {max(int(y.max()) + 1, 2)} units.",
        )
    return None


def _of_categorical(output: Output, y: Array) -> Said:
    units = output.units
    if _flat(y) and units > 1 and y.ndim < output.values.ndim + (y.shape[-1] == 1):
        return (
            "error",
            f"the labels are one number a row, where categorical_crossentropy takes {units}, "
            "one-hot",
            "Use sparse_categorical_crossentropy, or keras.utils.to_categorical(y).",
        )
    if said := _of_other_width(units, y):
        return said
    if y.min() < 0 or y.max() > 1:
        return (
            "error",
            f"the labels go from {y.min():g} to {y.max():g}, where categorical_crossentropy takes "
            "shares from 0 to 1",
            "One-hot encode the classes, with keras.utils.to_categorical.",
        )
    if units > 1 and not np.allclose(y.sum(axis=-1), 1, atol=0.01):
        return (
            "error",
            "the labels do not add up to 1 in every row, as those of exclusive classes do",
            "For several labels a row use sigmoid and binary_crossentropy.",
        )
    return None


def _of_binary(output: Output, y: Array) -> Said:
    units = output.units
    classes = len(np.unique(y[:10_000]))
    if y.min() < 0 or y.max() > 1:
        whole = bool(np.all(y == np.floor(y)))
        several = whole and classes > 2
        cure = (
            f"Give the output {int(y.max()) + 1} units, softmax, and "
            "sparse_categorical_crossentropy."
            if several and y.min() >= 0
            else "Map the two classes to 0 and 1."
        )
        return (
            "error",
            f"the labels go from {y.min():g} to {y.max():g}, where binary_crossentropy takes 0 to "
            "1",
            cure,
        )
    if _flat(y) and units > 1 and y.ndim <= 2 and output.values.ndim == 2:
        return (
            "error",
            f"the labels are one number a row, and the output has {units} units, all of which "
            "they are compared with",
            "Give the output one unit with sigmoid, or use sparse_categorical_crossentropy.",
        )
    return _of_other_width(units, y)


def _of_other_width(units: int, y: Array) -> Said:
    if _flat(y) or y.shape[-1] == units:
        return None
    return (
        "error",
        f"the labels have {_count(y.shape[-1], 'column')}, and the output {_count(units, 'unit')}",
        f"Give the output {y.shape[-1]} units.",
    )


def _of_regression(output: Output, y: Array) -> Said:
    assert output.loss is not None
    width = y.shape[-1] if y.ndim > 1 else 1
    alike = y.ndim == output.values.ndim or (output.values.ndim == 2 and y.ndim == 1)
    if alike and width != output.units:
        return (
            "error",
            f"the targets have {_count(width, 'column')}, and the output "
            f"{_count(output.units, 'unit')}, so that each is compared with all",
            f"Give the output {width} units.",
        )
    if classes := numbered_classes(y):
        return (
            "note",
            f"the targets are the whole numbers {y.min():g} to {y.max():g}, and {output.loss.name} "
            f"takes them as amounts, {y.min():g} nearer to {y.min() + 1:g} than to {y.max():g}",
            f"If they name classes, give the output {classes} units with softmax, and "
            "sparse_categorical_crossentropy; counts and grades may stay.",
        )
    return None


def _of_relative(output: Output, y: Array) -> Said:
    assert output.loss is not None
    name, weight = output.loss.name, largest_weight(y)
    if name == PERCENTAGE and weight > RULING:
        return (
            "error",
            f"{name} divides by the targets, which come down to {np.abs(y).min():.3g}: the "
            f"smallest count for up to {weight:.3g} times as much as others",
            "Use mean_absolute_error, or mean_squared_logarithmic_error of targets that are not "
            "negative.",
        )
    if name in LOGARITHMIC and np.mean(y < 0) > OUT_OF_REACH:
        below = "takes all below 0 as 0" if name != "poisson" else "is for counts, 0 and more"
        return (
            "error",
            f"the targets go down to {y.min():.4g}, and {name} {below}",
            "Use mean_squared_error.",
        )
    return _of_regression(output, y)


_LABELS = {
    "sparse": _of_sparse,
    "categorical": _of_categorical,
    "binary": _of_binary,
    "regression": _of_regression,
    "relative": _of_relative,
}
