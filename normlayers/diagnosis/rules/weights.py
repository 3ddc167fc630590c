"""Weights that are no numbers."""

from __future__ import annotations

import numpy as np

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.finding import Finding


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
