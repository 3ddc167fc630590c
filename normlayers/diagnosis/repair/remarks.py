"""What there is to know of a repair beside its changes, in sentences."""

from __future__ import annotations

from typing import Any

import keras

from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.evidence.training.compiled_loss import metrics_of
from normlayers.diagnosis.repair.cures.inputs import left_as_they_are, standardize
from normlayers.diagnosis.repair.cures.table import CURES, has_cure
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.own_loss import tells_alone
from normlayers.diagnosis.repair.search import Search, Trial
from normlayers.diagnosis.repair.target import Score

# What a model of the user's class may train or be evaluated by, in a way of its own.
STEPS = (
    *("fit", "train_step", "compute_loss", "compute_metrics"),
    *("evaluate", "test_step", "predict", "predict_step"),
)


def remarks_of(diagnosis: Diagnosis, search: Search, best: Trial, training: Any) -> list[str]:
    """What else there is to know of a repair, a sentence each."""
    given, remarks = search.given, []
    if all(loss is None for loss in given.losses):
        kind, loss = training.plan.optimizer[0].__name__, type(training.plan.losses[0]).__name__
        remarks.append(f"The model had no loss; it was compiled with {kind} and {loss}.")
    own = [given.output_names[each] for each in given.learned if tells_alone(given, each)]
    if own:
        remarks.append(
            f"Of {', '.join(own)} only its loss says what is good: its figure is the part of the "
            "loss of a constant prediction that is gone."
        )
    if given.frozen:
        remarks.append(f"Frozen weights stay as they are, those of {', '.join(given.frozen)}.")
    failure = search.done[0].failure
    if failure:
        remarks.append(f"The given model could not be trained: {failure}")
    remarks += [
        f"{finding.fault} ({finding.where}): not repaired; {finding.cure}"
        for finding in diagnosis.findings
        if not has_cure(finding) or not search.applies(finding.fault)
    ]
    if search.faults and not best.changes:
        remarks.append("No cure helped within the trials; the model is a copy of the given one.")
    of_scale = [fault for fault in search.faults if standardize in CURES.get(fault, ())]
    places = [place for fault in of_scale for place in search.faults[fault]]
    remarks += left_as_they_are(given, places) if of_scale else []
    others = dict.fromkeys(trial.failure for trial in search.done if trial.failure)
    others.pop(failure, None)
    remarks += [f"A cured model could not be trained: {other}" for other in others]
    if metrics_of(given.model).keys() - metrics_of(training.model).keys():
        remarks.append(
            "Metrics were left out: they count labels of another form, or cannot be made of their "
            "configuration."
        )
    return remarks + _of_another_class(given, training.model)


def _of_another_class(given: Given, model: keras.Model) -> list[str]:
    """What a model does not have that the given one's class has."""
    own = type(given.model)
    if type(model) is own:
        return []
    if given.has_graph:
        return [
            f"The model is of Keras's own class, for {own.__name__} has a constructor or a compile "
            "of its own: it has none of its methods, such as a train_step."
        ]
    changed = [name for name in STEPS if getattr(own, name) is not getattr(keras.Model, name)]
    if not changed:
        return []
    return [
        f"The model is of Keras's own class and holds a {own.__name__}, whose own "
        f"{' and '.join(changed)} it does not call: it was trained and scored, and is by fit and "
        "evaluate, by its outputs' losses and metrics alone."
    ]


def remark_of_worse(score: Score, as_given: Score, epochs: int) -> str:
    """Says by how much, in the measure in which it is."""
    kind = "metric" if score.metric < as_given.metric else "quality"
    what = "" if kind == "metric" else ", by its loss"
    return (
        f"The new model is worse than the given one on the held-out rows{what}: "
        f"{getattr(score, kind):.3f} to {getattr(as_given, kind):.3f}, after {epochs} passes of "
        "training."
    )
