"""What a diagnosis says beside its findings."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from normlayers.diagnosis.evidence.data import STREAM_ROWS, Data
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.outputs import Output, known
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.evidence.training.compiled_loss import metrics_of

ACCURACIES = ("accuracy", "acc", "Accuracy")


def remarks(evidence: Evidence) -> list[str]:
    """What was read, where it was not all, and what is to be known of it."""
    said = [d.remark for d in (evidence.data, evidence.validation) if d and d.remark]
    if _all_the_same(evidence.data):
        data = evidence.data
        said.append(
            "All targets of these first rows are the same: where later ones have others, they come "
            "sorted, and fit does not shuffle batches."
            if data.batches and sum(data.batches) >= STREAM_ROWS
            else "All targets are the same: there is nothing to learn from them."
        )
    if name := _accuracy_of_amounts(evidence):
        said.append(
            f"{name!r} counts classes that are told right, and says nothing of amounts, however "
            "well they are learned; use a metric such as 'mae' or keras.metrics.R2Score()."
        )
    return said


def _all_the_same(data: Data) -> bool:
    """Whether no target of two rows or more differs from another row's."""
    parts = [np.asarray(part) for part in keras.tree.flatten(data.y) if part is not None]
    return bool(parts) and data.rows > 1 and all(bool(np.all(y == y[:1])) for y in parts)


def _accuracy_of_amounts(evidence: Evidence) -> str:
    """Name of an accuracy that a model is compiled with, where it learns amounts alone."""
    try:
        outputs, model = evidence.outputs, evidence.subject.original
    except CannotCheckError:
        return ""
    if not all(map(_learns_amounts, outputs)):
        return ""
    counted: list[Any] = keras.tree.flatten(list(metrics_of(model).values()))
    return next((name for name in counted if isinstance(name, str) and name in ACCURACIES), "")


def _learns_amounts(output: Output) -> bool:
    y = output.every_target
    if output.loss is None or output.loss.kind not in ("regression", "relative") or y is None:
        return False
    numbers = known(y) if y.dtype.kind in "biuf" else y[:0]
    return bool(np.any(numbers != np.round(numbers)))
