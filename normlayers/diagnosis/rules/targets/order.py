"""The order in which the rows come."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.rules.targets.activations import CROSS_ENTROPIES

Array = npt.NDArray[Any]

# Rows of other classes than their batch's most frequent one, as a share of those that all the data
# would have as one batch: shuffled batches of 32 have nine tenths of them. Half has a batch of two
# classes of many.
FEW_OTHERS = 0.5
# Fewer rows may come so by chance; more classes are numbers of something else.
FEWEST_ROWS, MOST_CLASSES = 64, 1000
LOSSES = (*CROSS_ENTROPIES, "hinge")


def unshuffled_rows(evidence: Evidence) -> list[Finding]:
    """Batches of one class each, of a stream that is sorted by class or put together so.

    ``fit`` shuffles arrays, and leaves these as they are. A batch of one class moves the network
    towards that class alone, and the next one back.
    """
    data = evidence.data
    if data.y is None:
        raise CannotCheckError("y is missing")
    findings = []
    for output in evidence.outputs:
        y, loss = output.every_target, output.loss
        if y is None or loss is None or loss.kind not in LOSSES or sum(data.batches) != len(y):
            continue
        labels = _classes(y)
        if labels is None or len(labels) < FEWEST_ROWS or len(labels) < 2 * len(data.batches):
            continue
        classes, numbers = np.unique(labels, return_inverse=True)
        if not 1 < len(classes) <= MOST_CLASSES or not _are_apart(numbers, data.batches):
            continue
        others, of_all = _others(numbers, data.batches), _others(numbers, (len(numbers),))
        if others > FEW_OTHERS * of_all:
            continue
        findings.append(
            Finding(
                "unshuffled_rows",
                output.name,
                {"others": others, "of_all": of_all, "classes": len(classes)},
                "warning",
                f"The batches hold one class of {output.name!r} or a few each: {others:.1%} of "
                "the rows are of another class than the most frequent one of their batch, where of "
                f"all rows {of_all:.0%} are. fit takes batches as they come.",
                "Shuffle the rows before they are put into batches, such as by "
                "dataset.shuffle(rows) with room for all of them, or shuffle=True where the data "
                "are read; for validation and tests the order does not matter.",
                False,
            )
        )
    return findings


def _are_apart(numbers: Array, batches: tuple[int, ...]) -> bool:
    """Whether each class comes in one stretch or two, or all batches are of one class.

    Others, such as the regimes of a time series, come and go.
    """
    stretches = 1 + int(np.count_nonzero(numbers[1:] != numbers[:-1]))
    return stretches <= 2 * len(np.unique(numbers)) or _others(numbers, batches) == 0


def _others(numbers: Array, batches: tuple[int, ...]) -> float:
    """Share of the rows that are of another class than the most frequent one of their batch."""
    ends = np.cumsum(batches)[:-1]
    most = sum(int(np.bincount(part).max(initial=0)) for part in np.split(numbers, ends))
    return 1 - most / len(numbers)


def _classes(y: Array) -> Array | None:
    """One class a row, of whole numbers or of one-hot rows; ``None`` where there is not."""
    y = y.reshape(len(y), -1)
    if y.dtype.kind not in "biuf" or not np.all(y == np.floor(y)):
        return None
    if y.shape[1] == 1:
        return y[:, 0]
    one_hot = np.isin(y, (0, 1)).all() and np.all(y.sum(axis=1) == 1)
    return np.asarray(y.argmax(axis=1)) if one_hot else None
