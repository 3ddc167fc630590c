"""The order in which the rows come."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding

Array = npt.NDArray[Any]

# Changes of class from a row to the next, as a share of those that chance makes: at a tenth and two
# classes alike in number, a batch of 32 has one or two changes for sixteen.
FEW_CHANGES = 0.1
# Fewer rows may come so by chance; more classes are numbers of something else.
FEWEST_ROWS, MOST_CLASSES = 64, 1000


def unshuffled_rows(evidence: Evidence) -> list[Finding]:
    """Rows of a stream sorted by class: ``fit`` shuffles arrays, and leaves these as they are.

    A batch of one class moves the network towards that class alone, and the next one back.
    """
    if evidence.data.y is None:
        raise CannotCheckError("y is missing")
    if not evidence.data.streamed:
        return []
    findings = []
    for output in evidence.outputs:
        labels = None if output.every_target is None else _classes(output.every_target)
        if labels is None or len(labels) < FEWEST_ROWS:
            continue
        counts = np.unique(labels, return_counts=True)[1]
        by_chance = 1 - float(np.sum((counts / len(labels)) ** 2))
        changes = float(np.mean(labels[1:] != labels[:-1]))
        if len(counts) > MOST_CLASSES or changes >= FEW_CHANGES * by_chance:
            continue
        findings.append(
            Finding(
                "unshuffled_rows",
                output.name,
                {"changes": changes, "by_chance": by_chance, "classes": len(counts)},
                "warning",
                f"The rows come sorted by the classes of {output.name!r}: from one to the next "
                f"the class changes in {changes:.2%} of them, where shuffled ones would in "
                f"{by_chance:.0%}. fit takes batches as they come, so that most hold one class.",
                "Shuffle the rows before they are put into batches, such as by "
                "dataset.shuffle(rows) with room for all of them, or shuffle=True where the data "
                "are read; for validation and tests the order does not matter.",
                False,
            )
        )
    return findings


def _classes(y: Array) -> Array | None:
    """One class a row, of whole numbers or of one-hot rows; ``None`` where there is not."""
    y = y.reshape(len(y), -1)
    if y.dtype.kind not in "biuf" or not np.all(y == np.floor(y)):
        return None
    if y.shape[1] == 1:
        return y[:, 0]
    one_hot = np.isin(y, (0, 1)).all() and np.all(y.sum(axis=1) == 1)
    return np.asarray(y.argmax(axis=1)) if one_hot else None
