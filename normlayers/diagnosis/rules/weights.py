"""Weights that are no numbers, or that something keeps from learning."""

from __future__ import annotations

import numpy as np

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.training.switched_off import dropouts_of
from normlayers.diagnosis.evidence.training.without import (
    NEXT_TO_NOTHING,
    USUAL_DROPOUT,
    Without,
)
from normlayers.diagnosis.finding import Finding, Severity


def non_finite_weights(evidence: Evidence) -> list[Finding]:
    """NaN or infinite values of a model's variables, as a training that diverged leaves them."""
    subject = evidence.subject
    counts = {
        variable.path.removeprefix(f"{subject.model.name}/"): int(np.sum(~np.isfinite(value)))
        for variable, value in zip(subject.model.variables, subject.values, strict=True)
        if value.dtype.kind == "f"
    }
    bad = {path: count for path, count in counts.items() if count}
    if not bad:
        return []
    first, *others = bad
    more = f", and so have {len(others)} more variables" if others else ""
    return [
        Finding(
            "non_finite_weights",
            first.rpartition("/")[0] or first,
            {"variables": list(bad)[:10], "values": sum(bad.values())},
            "error",
            f"{first!r} has {bad[first]} values that are NaN or infinite{more}: whatever they meet "
            "becomes so too, and training cannot mend it.",
            "Make the model anew and remove what made the training diverge, such as NaN in the "
            "data or a learning rate that is too high.",
            True,
        )
    ]


def nothing_to_train(evidence: Evidence) -> list[Finding]:
    """A compiled model of which every layer with weights is frozen."""
    model = evidence.subject.original  # its copy is not compiled
    frozen = [layer.name for layer in model.layers if layer.weights and not layer.trainable_weights]
    if getattr(model, "optimizer", None) is None or not frozen or model.trainable_weights:
        return []
    return [
        Finding(
            "nothing_to_train",
            "",
            {"layers": frozen},
            "warning",
            f"Every layer that has weights is frozen ({', '.join(frozen[:5])}"
            f"{', …' if len(frozen) > 5 else ''}): training changes nothing.",
            "Where it is to learn, set trainable = True on the layers that are to, at least on the "
            "last one, and compile the model again.",
        )
    ]


def penalty_too_strong(evidence: Evidence) -> list[Finding]:
    """Regularizers for whose sake the loss on the data hardly falls, as it does without them.

    A warning where something is learned, or where only longer steps tell: a long training may get
    over it.
    """
    found = evidence.training.penalty
    if found is None or not found.is_little():
        return []
    progress = found.progress if np.isfinite(found.progress) else None
    return [
        Finding(
            "penalty_too_strong",
            "",
            {"share": found.part, "progress": progress, "without": found.free},
            _severity(evidence, found),
            f"In {found.steps} steps at the learning rate {found.rate:.3g} the loss on the data "
            f"{found.course()}; without regularizers, {found.part:.0%} of the loss "
            f"at first, it falls by {found.free:.2%}.",
            "Use regularizers a hundred times weaker, or none.",
            True,
        )
    ]


def dropout_too_strong(evidence: Evidence) -> list[Finding]:
    """Dropouts with which the loss of the whole network hardly falls, as it does without them.

    A warning where something is learned, or where only longer steps tell: a long training may get
    over it.
    """
    found = evidence.training.dropout
    if found is None or not found.is_little() or not np.isfinite(found.progress):
        return []
    strong = [each for each in dropouts_of(evidence.subject.model) if each.rate > USUAL_DROPOUT]
    rates = ", ".join(f"{each.rate:.0%} in {each.name!r}" for each in strong[:5])
    return [
        Finding(
            "dropout_too_strong",
            max(strong, key=lambda each: each.rate).name,
            {"rate": found.part, "progress": found.progress, "without": found.free},
            _severity(evidence, found),
            f"In {found.steps} steps at the learning rate {found.rate:.3g}, with {rates} dropped, "
            f"the loss of the whole network {found.course()}; without dropouts it falls by "
            f"{found.free:.2%}.",
            "Use dropout rates of 0.2 to 0.5, or none.",
            True,
        )
    ]


def _severity(evidence: Evidence, found: Without) -> Severity:
    hopeless = found.rate == evidence.training.rate and found.left() <= NEXT_TO_NOTHING
    return "error" if hopeless else "warning"
