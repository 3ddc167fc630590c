"""What a trained network predicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.outputs import Output
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding

Array = npt.NDArray[Any]

# Of fewer a class may be missed by chance.
FEWEST_VALUES, FEWEST_OTHERS = 100, 5
# Share of the most frequent class from which on to predict it always looks like success, and may be
# right: of rare events no probability needs to be over a half.
IMBALANCED = 0.8


def one_class_predicted(evidence: Evidence) -> list[Finding]:
    """A trained classifier that predicts one class for all of the data, which has several."""
    if evidence.data.y is None:
        raise CannotCheckError("y is missing")
    if not evidence.subject.trained:
        return []
    findings = []
    for output in evidence.outputs:
        compared = _classes(output)
        if compared is None:
            continue
        labels, predicted = compared
        if len(labels) < FEWEST_VALUES or np.any(predicted != predicted[0]):
            continue
        missed = labels != predicted[0]
        if missed.sum() < FEWEST_OTHERS:
            continue
        share = 1 - float(missed.mean())
        imbalanced = share >= IMBALANCED
        findings.append(
            Finding(
                "one_class_predicted",
                output.name,
                {"predicted": int(predicted[0]), "share": share, "values": len(labels)},
                "note",
                f"The output {output.name!r} predicts class {int(predicted[0])} for all of the "
                f"data, and {int(missed.sum()):,} of {len(labels):,} targets are another: its "
                f"accuracy of {share:.1%} is that of a constant.",
                "If rare classes are to be found: choose the threshold by precision and recall, "
                "which say more here than accuracy, or weigh them more (fit's class_weight), which "
                "makes what is predicted no probability any more."
                if imbalanced
                else "Train longer, after what else is wrong has been mended.",
                False,
            )
        )
    return findings


def _classes(output: Output) -> tuple[Array, Array] | None:
    """Of each row, or each place of it, its class and the predicted one."""
    loss, y, values = output.loss, output.targets, output.values
    if loss is None or y is None or y.dtype.kind not in "biuf" or not np.isfinite(values).all():
        return None
    if loss.kind == "binary" and output.units == 1:
        predicted, labels = values > (0.0 if loss.from_logits else 0.5), y
    elif loss.kind in ("sparse", "categorical") and output.units > 1 and loss.axis == -1:
        predicted = values.argmax(axis=-1)
        labels = y if loss.kind == "sparse" else y.argmax(axis=-1)
    else:
        return None
    if labels.size != predicted.size:
        return None
    labels = labels.reshape(-1)
    counted = np.isfinite(labels) & (labels != loss.ignored)
    labels, predicted = labels[counted], predicted.reshape(-1)[counted]
    if np.any(labels != np.floor(labels)):  # shares, as of a smoothed label
        return None
    return labels.astype(int), predicted.astype(int)
