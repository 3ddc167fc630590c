"""What ``repair`` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.finding import plain
from normlayers.diagnosis.repair.plan import Change


@dataclass(frozen=True)
class Repair:
    """A repaired model, and what was done to it.

    Attributes:
        model: a new model, compiled, and trained for ``epochs`` passes over the rows that were not
            held out; ``fit`` goes on from there.
        changes: what was done to the given model, in order, each with its why; empty where no cure
            helped.
        diagnosis: of the new model.
        before: accuracy, or R squared, of the given model on the held-out rows: as it was, and
            trained for as long as the new one. NaN or minus infinity where it cannot be measured;
            of amounts under a loss of one's own, what R squared is of squares: 1 less the loss
            over that of a constant prediction.
        after: the same of the new model.
        batch_size: rows a training step it was trained with.
        epochs: passes over the data.
        trials: short trainings that were run, each of as many.
        worse: whether the new model is worse on the held-out rows than the given one.
        remarks: what else is to be known, such as faults that could not be repaired.
    """

    model: keras.Model
    changes: list[Change]
    diagnosis: Diagnosis
    before: dict[str, float]
    after: float
    batch_size: int
    epochs: int
    trials: int
    worse: bool = False
    remarks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{i}. {change}" for i, change in enumerate(self.changes, 1)]
        scores = ", ".join(f"{name} {_figure(value)}" for name, value in self.before.items())
        lines.append(
            f"Accuracy or R squared on held-out rows: {scores}; repaired {_figure(self.after)}."
        )
        left = [found for found in self.diagnosis.findings if found.severity != "note"]
        if left:
            places = ", ".join(f"{each.fault} ({each.where or 'model'})" for each in left)
            lines.append(f"Found in the new model, by its diagnosis: {places}.")
        return "\n".join([*lines, *self.remarks])

    def to_dict(self) -> dict[str, Any]:
        """All but the model, as plain JSON values; ``None`` for NaN and infinite ones."""
        return {
            "changes": [vars(change) for change in self.changes],
            "diagnosis": self.diagnosis.to_dict(),
            "before": plain(self.before),
            "after": plain(self.after),
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "trials": self.trials,
            "worse": self.worse,
            "remarks": list(self.remarks),
        }


def _figure(value: float) -> str:
    """A model that gives no numbers, or not as many as there are targets, has none."""
    return f"{value:.3f}" if np.isfinite(value) else "without a figure"
